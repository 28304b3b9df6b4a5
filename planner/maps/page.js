// The page: one state, painted on the sheet; legend, slider, cards, search, tables, language and print change it.
async function startPage(map) {
  const state = { lang: DATA.lang, step: DATA.steps.length - 1, unit: -1, site: null, line: -1, on: {} };
  const say = function (key) { const word = DATA.say[state.lang][key]; return word === undefined ? key : word; };
  const fill = function (key, values) { return say(key).replace(/\{(\w+)\}/g, function (_, name) { return values[name]; }); };
  const count = function (n) { return Number(n).toLocaleString('en-US'); };
  const element = function (id) { return document.getElementById(id); };
  const notice = function (key) { element('notice').textContent = say(key); element('notice').hidden = false; };
  if (typeof DecompressionStream === 'undefined') { notice('too_old'); return; }

  const [people, roads, units, reach, lines, ...areas] = await Promise.all([DATA.people, DATA.roads, DATA.units, DATA.reach, DATA.lines].concat(DATA.areas)
    .map(function (layer) { return layer ? unpack(layer) : null; }));
  if (people) people.side = DATA.people.side;
  if (roads) roads.paths = paths(roads, function (i, at) {  // by class and by one of 256 squares, so that only what is seen is drawn
    return roads.rank[i] << 8 | (roads.x[at] >> 14 & 15) << 4 | roads.y[at] >> 14 & 15;
  });
  units.rows = DATA.units.rows;
  units.paths = paths(units, function (i) { return units.owner[i]; }, true);
  if (reach) reach.paths = paths(reach, function (i) { return reach.owner[i]; }, true);
  if (lines) {
    lines.rows = DATA.lines.rows;
    lines.paths = paths(lines, function (i) { return lines.owner[i]; });
  }
  areas.forEach(function (area) { area.paths = paths(area, function () { return 0; }, true); });
  const sites = DATA.sites;

  const plain = { city: 'bold 19px ', district: 'bold 16px ', town: '13px ', village: '12px ', place: '12px ' };
  const labels = DATA.units.rows.map(function (unit) { return [unit.name, unit.x, unit.y, unit.level]; })
    .concat(DATA.places.map(function (place) { return place.concat('place'); }))
    .map(function (row) {
      const level = row[3], colour = { district: '#111', city: '#111', place: '#5a4632' }[level] || '#333';
      const from = { village: 14, place: 13 }[level] || 0;
      const tall = level === 'district' ? 11 : 9, must = level === 'district' || level === 'city';
      return { text: row[0], x: row[1], y: row[2], font: plain[level] + FONT, colour: colour, from: from, tall: tall, must: must };
    });

  function painter(side) {  // 0 paints everything, 1 and 2 what one of two plans brings
    return function (view) {
      const on = state.on;
      if (!tiles) paintGround(view, units);
      if (DATA.fills) paintFills(view, units, DATA.fills, on);
      areas.forEach(function (area, i) { if (on['area' + i]) paintAreas(view, area, DATA.areas[i].colour); });
      if (on.shade) paintShares(view, units, DATA.finest, function (unit) { return unit.shares && unit.shares[state.step ? 1 : 0]; });
      if (on.roads && roads) paintRoads(view, roads);
      if (people) paintPeople(view, people, state.step, [0, 1, 2, 3, 4].map(function (kind) { return on['people' + kind]; }), side);
      if (reach) paintReach(view, reach, DATA.reach, on.reach, state.site && state.site.ref, reachable);
      paintBorders(view, units, state.unit);
      if (lines) paintLines(view, lines, on, state.line);
      const taken = paintSites(view, sites, state.step, on, state.site, side);
      if (on.labels) paintLabels(view, labels, taken);
    };
  }
  const sheet = new Sheet(painter(0)), halves = DATA.swipe ? [new Sheet(painter(1)), new Sheet(painter(2))] : [];
  const redraw = function () { [sheet].concat(halves).forEach(function (one) { one.redraw(); }); };
  const byRef = new Map(sites.map(function (site) { return [site.ref, site]; }));
  const reachable = function (ref) { const site = byRef.get(ref); return site && state.on[site.kind] && site.rank <= state.step; };

  function legend() {
    document.querySelectorAll('#legend input[data-layer]').forEach(function (input) {
      state.on[input.dataset.layer] = input.checked;
      input.parentNode.classList.toggle('unshown', !input.checked);
    });
  }
  let tiles = null;
  function online() {  // the one thing that asks a host, and only once its reader switches it on
    if (tiles) tiles.remove();
    tiles = null;
    const base = DATA.online, key = element('onlinekey') ? element('onlinekey').value.trim() : '';
    if (!base || !state.on.online || (base.ask && !key)) return;
    const options = { attribution: base.attribution, maxZoom: 18, key: encodeURIComponent(key) };
    if (base.subdomains) options.subdomains = base.subdomains;
    tiles = L.tileLayer(base.url, options).addTo(map);
  }
  legend();
  element('legend').addEventListener('change', function () { legend(); online(); redraw(); });
  if (window.innerWidth < 700) element('legend').open = false;
  function home() {  // the whole area, clear of the legend where there is room for both
    const key = element('legend'), size = map.getSize(), beside = key.open && size.x > 640 ? key.offsetWidth : 0;
    map.fitBounds(DATA.bounds, { animate: false, paddingTopLeft: [12, 12], paddingBottomRight: [12 + beside, 12] });
  }
  home();
  const opened = [map.getCenter(), map.getZoom()];
  map.attributionControl.setPrefix(false);
  const whole = L.control({ position: 'topleft' });
  whole.onAdd = function () {
    const button = L.DomUtil.create('button', 'whole');
    button.type = 'button';
    button.dataset.w = 'whole_view';
    button.textContent = say('whole_view');
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener('click', function () { map.fitBounds(DATA.whole, { padding: [12, 12] }); });
    return button;
  };
  whole.addTo(map);
  L.control.scale({ position: 'bottomleft', imperial: false, maxWidth: 160 }).addTo(map);
  sheet.addTo(map);
  if (DATA.swipe) linkSwipe(map, sheet, halves, say);

  function card(title, rows) {
    const box = element('card'), list = document.createElement('dl'), head = document.createElement('h2'), close = document.createElement('button');
    head.textContent = title;
    close.textContent = '×';
    close.type = 'button';
    close.setAttribute('aria-label', say('close'));
    close.addEventListener('click', function () { choose(''); });
    rows.forEach(function (row) {
      ['dt', 'dd'].forEach(function (tag, i) { const cell = document.createElement(tag); cell.textContent = row[i]; list.appendChild(cell); });
    });
    box.textContent = '';
    box.append(head, close, list);
    box.hidden = false;
  }
  function describe() {
    const site = state.site || (lines && lines.rows[state.line]), unit = units.rows[state.unit];
    element('card').hidden = true;
    const shown = function (row) { return row.facts.map(function (fact) { return [say(fact[0]), fact[2] ? say(fact[1]) : fact[1]]; }); };
    if (site) card(site.rank ? site.rank + '. ' + site.name : site.name, [[say('legend'), say(site.word)]].concat(shown(site)));
    else if (unit) card(unit.name, shown(unit));
  }
  const latlng = function (x, y) {
    const [left, top, step] = DATA.box, n = Math.PI * (1 - 2 * (top + y * step));
    return L.latLng(180 / Math.PI * Math.atan(Math.sinh(n)), (left + x * step) * 360 - 180);
  };
  let show = function () {};
  function choose(ref, go) {
    state.site = sites.find(function (site) { return site.ref === ref; }) || null;
    state.line = lines ? lines.rows.findIndex(function (line) { return line.ref === ref; }) : -1;
    state.unit = units.rows.findIndex(function (unit) { return unit.ref === ref; });
    const place = (ref || '').startsWith('p:') ? DATA.places[Number(ref.slice(2))] : null;
    if (state.site && state.site.rank > state.step) step(state.site.rank);
    if (go !== false && state.site) map.setView(latlng(state.site.x, state.site.y), Math.max(map.getZoom(), 14));
    if (go !== false && place) map.setView(latlng(place[1], place[2]), Math.max(map.getZoom(), 14));
    const wide = units.rows[state.unit] || (lines && lines.rows[state.line]);
    if (go !== false && wide) {
      const [x0, y0, x1, y1] = wide.bounds;
      map.fitBounds([latlng(x0, y0), latlng(x1, y1)], { maxZoom: 15, padding: [20, 20] });
    }
    describe();
    show(ref);
    redraw();
  }
  show = linkTables(function (ref) { if (ref) choose(ref); });
  linkSearch(DATA.index, choose, say);
  map.on('click', function (e) {
    const at = function (thing) { return map.latLngToContainerPoint(latlng(thing.x, thing.y)).distanceTo(e.containerPoint); };
    const near = sites.filter(function (site) { return site.visible && at(site) < 14; }).sort(function (a, b) { return at(a) - at(b); })[0];
    if (near) { choose(near.ref, false); return; }
    const ctx = document.createElement('canvas').getContext('2d'), world = map.project(e.latlng, 0).divideBy(256);
    const x = (world.x - DATA.box[0]) / DATA.box[2], y = (world.y - DATA.box[1]) / DATA.box[2];
    ctx.lineWidth = 12 / (DATA.box[2] * 256 * Math.pow(2, map.getZoom()));
    const line = lines ? lines.rows.findIndex(function (row, i) { return state.on[row.kind] && ctx.isPointInStroke(lines.paths.get(i), x, y); }) : -1;
    if (line >= 0) { choose(lines.rows[line].ref, false); return; }
    let hit = -1;  // the finest unit that holds the point
    units.rows.forEach(function (unit, i) { if (units.paths.has(i) && ctx.isPointInPath(units.paths.get(i), x, y, 'evenodd')) hit = i; });
    choose(hit < 0 ? '' : units.rows[hit].ref, false);
  });

  function saySteps() {
    if (!element('stepsaid')) return;
    const n = state.step, text = n ? fill('first_k', { k: n }) : say('today');
    if (DATA.steps[n] === null) { element('stepsaid').textContent = text; return; }
    const covered = DATA.steps[n], share = DATA.total ? ' · ' + (Math.floor((2000 * covered + DATA.total) / (2 * DATA.total)) / 10).toFixed(1) + '%' : '';
    element('stepsaid').textContent = text + ' · ' + say('covered_so_far') + ' ' + count(covered) + share;
    element('step').setAttribute('aria-valuetext', element('stepsaid').textContent);
  }
  let waiting = 0;
  function step(n) {
    state.step = Number(n);
    document.documentElement.classList.toggle('partial', state.step < DATA.steps.length - 1);
    if (element('step')) element('step').value = n;
    saySteps();
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(redraw);
  }
  if (element('step')) {
    element('step').addEventListener('input', function (e) { step(e.target.value); });
    document.querySelectorAll('[data-step]').forEach(function (button) {
      button.addEventListener('click', function () { step(button.dataset.step); });
    });
  }
  saySteps();

  element('language').addEventListener('click', function () {
    state.lang = state.lang === 'zh' ? 'en' : 'zh';
    document.documentElement.lang = state.lang === 'zh' ? 'zh-CN' : 'en';
    document.title = say('t:title');
    document.querySelectorAll('[data-w]').forEach(function (e) { e.textContent = say(e.dataset.w); });
    document.querySelectorAll('[data-w-label]').forEach(function (e) { e.setAttribute('aria-label', say(e.dataset.wLabel)); });
    document.querySelectorAll('[data-w-hint]').forEach(function (e) { e.placeholder = say(e.dataset.wHint); });
    document.querySelectorAll('th[data-label]').forEach(function (head) { head.dataset.label = head.textContent; });
    describe();
    saySteps();
  });
  let seen = null;
  function printing(start) {
    if (start === Boolean(seen)) return;
    if (start) seen = [map.getCenter(), map.getZoom()];
    const bounds = map.getBounds(), atHome = map.getZoom() === opened[1] && map.getCenter().distanceTo(opened[0]) < 50;
    document.documentElement.classList.toggle('printing', start);
    if (start) document.querySelectorAll('.about').forEach(function (more) { more.open = true; });
    map.invalidateSize({ animate: false, pan: false });
    if (start && atHome) home();
    else if (start) map.fitBounds(bounds, { animate: false });
    else { map.setView(seen[0], seen[1], { animate: false }); seen = null; }
    redraw();
  }
  element('paper').addEventListener('change', function (e) {
    const a3 = e.target.value === 'A3';
    document.documentElement.classList.toggle('a3', a3);
    element('papersize').textContent = '@page { size: ' + (a3 ? 'A3' : 'A4') + ' landscape; margin: 10mm; }';
  });
  element('print').addEventListener('click', function () { window.print(); });
  window.addEventListener('beforeprint', function () { printing(true); });
  window.addEventListener('afterprint', function () { printing(false); });
  document.documentElement.classList.add('ready');
}
