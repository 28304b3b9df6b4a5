// Tables: sorted by a heading, tabs by arrow keys, rows linked to the map both ways.
function linkTables(choose) {
  const tabs = Array.from(document.querySelectorAll('[role=tab]'));
  function open(tab) {
    tabs.forEach(function (other) {
      other.setAttribute('aria-selected', other === tab);
      other.tabIndex = other === tab ? 0 : -1;
      document.getElementById(other.getAttribute('aria-controls')).classList.toggle('off', other !== tab);
    });
  }
  tabs.forEach(function (tab, i) {
    tab.addEventListener('click', function () { open(tab); });
    tab.addEventListener('keydown', function (e) {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1 }[e.key];
      if (to === undefined) return;
      const next = tabs[(to + tabs.length) % tabs.length];
      open(next);
      next.focus();
    });
  });
  document.querySelectorAll('table.data:not(.plain)').forEach(function (table) {
    table.querySelectorAll('thead th').forEach(function (head, column) {
      head.querySelector('button').addEventListener('click', function () { sort(table, head, column); });
    });
    table.tBodies[0].addEventListener('click', function (e) { choose(e.target.closest('tr').dataset.ref); });
    table.tBodies[0].addEventListener('keydown', function (e) {
      if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); choose(e.target.closest('tr').dataset.ref); }
    });
  });
  return function show(ref) {  // mark the row of what was chosen, and open its tab
    document.querySelectorAll('tr.chosen').forEach(function (row) { row.classList.remove('chosen'); });
    const row = Array.from(document.querySelectorAll('tr[data-ref]')).find(function (r) { return r.dataset.ref === ref; });
    if (!row) return;
    row.classList.add('chosen');
    const panel = row.closest('[role=tabpanel]');
    open(document.getElementById(panel.getAttribute('aria-labelledby')));
    panel.scrollTop = Math.max(0, row.offsetTop - panel.clientHeight / 2);
  };
}

function sort(table, head, column) {
  const up = head.getAttribute('aria-sort') === 'descending' || (!head.hasAttribute('aria-sort') && !head.classList.contains('n'));
  table.querySelectorAll('th').forEach(function (th) { th.removeAttribute('aria-sort'); });
  head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const body = table.tBodies[0], rows = Array.from(body.rows), last = rows.filter(function (r) { return r.classList.contains('total'); });
  const value = function (row) {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const free = rows.filter(function (r) { return !last.includes(r); }).sort(function (a, b) {
    const x = value(a), y = value(b);
    const order = typeof x === 'number' ? (Number.isNaN(x) ? -1 : x) - (Number.isNaN(y) ? -1 : y) : x.localeCompare(y, 'zh-CN');
    return up ? order : -order;
  });
  free.concat(last).forEach(function (row) { body.appendChild(row); });
}

function linkSearch(entries, choose, say) {
  const box = document.getElementById('query'), list = document.getElementById('hits'), said = document.getElementById('searchsaid');
  let found = [], at = -1;
  function close() { list.hidden = true; box.setAttribute('aria-expanded', 'false'); box.removeAttribute('aria-activedescendant'); at = -1; }
  function take(entry) { close(); box.value = entry.name; choose(entry.ref, true); }
  function mark(to) {
    at = (to + found.length) % found.length;
    Array.from(list.children).forEach(function (li, i) { li.setAttribute('aria-selected', i === at); });
    list.children[at].scrollIntoView({ block: 'nearest' });
    box.setAttribute('aria-activedescendant', 'hit' + at);
  }
  box.addEventListener('input', function () {
    const text = box.value.trim().toLowerCase();
    list.textContent = '';
    if (!text) { said.textContent = ''; close(); return; }
    const score = function (e) {
      const name = e.name.toLowerCase();
      return name === text || e.ref.slice(2) === text ? 0 : name.startsWith(text) ? 1 : name.includes(text) ? 2 : (' ' + e.initials).includes(' ' + text) ? 3 : e.initials.includes(text) ? 4 : 9;
    };
    found = entries.map(function (e) { return [score(e), e]; }).filter(function (p) { return p[0] < 9; })
      .sort(function (a, b) { return a[0] - b[0]; }).slice(0, 12).map(function (p) { return p[1]; });
    found.forEach(function (entry, i) {
      const li = document.createElement('li'), more = document.createElement('small');
      li.id = 'hit' + i;
      li.setAttribute('role', 'option');
      li.setAttribute('aria-selected', 'false');
      li.textContent = entry.name;
      more.textContent = say(entry.kind) + (entry.where ? ' · ' + entry.where : '');
      li.appendChild(more);
      li.addEventListener('mousedown', function (e) { e.preventDefault(); take(entry); });
      list.appendChild(li);
    });
    said.textContent = found.length ? say('search_found').replace('{n}', found.length) : say('search_none');
    if (!found.length) { close(); return; }
    list.hidden = false;
    box.setAttribute('aria-expanded', 'true');
    at = -1;
  });
  box.addEventListener('keydown', function (e) {
    if (e.key === 'Escape') close();
    if (!found.length || list.hidden) return;
    if (e.key === 'ArrowDown') { e.preventDefault(); mark(at + 1); }
    if (e.key === 'ArrowUp') { e.preventDefault(); mark(at - 1); }
    if (e.key === 'Enter') { e.preventDefault(); take(found[Math.max(at, 0)]); }
  });
  box.addEventListener('blur', close);
}
