// Painters: people, areas, roads, units, stations and labels, each given the view in steps of the page's box.
const COLOURS = {
  shares: ['#f6e8c3', '#d0d9d6', '#93bccd', '#4a8fb5', '#0b5a8c'],
};
const SIZES = [0.5, 0.65, 0.82, 1];
const ROADS = [['#b98a4e', 2.2], ['#c4a46f', 1.6], ['#c9c4b8', 1.1], ['#d9d5cb', 0.7]];

function inSteps(view, more) {  // draw in steps: paths are made once and placed by the canvas
  const { ctx, dpr, k } = view;
  ctx.save();
  ctx.setTransform(k * dpr, 0, 0, k * dpr, view.x * dpr, view.y * dpr);
  more(ctx, 1 / k);
  ctx.restore();
}

function paths(lines, keyOf, closed) {  // one path a key, with the box it fills
  const found = new Map();
  let at = 0;
  lines.sizes.forEach(function (size, i) {
    const key = keyOf(i, at);
    if (!found.has(key)) {
      found.set(key, new Path2D());
      found.get(key).box = [Infinity, Infinity, -Infinity, -Infinity];
    }
    const path = found.get(key), box = path.box;
    for (let j = at; j < at + size; j++) {
      const x = lines.x[j], y = lines.y[j];
      if (j === at) path.moveTo(x, y); else path.lineTo(x, y);
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
    if (closed) path.closePath();
    at += size;
  });
  return found;
}

function seen(view, path) {
  const { k, x, y } = view, box = path.box;
  return box[2] * k + x > 0 && box[3] * k + y > 0 && box[0] * k + x < view.wide && box[1] * k + y < view.high;
}

function rgba(hex) {
  const n = parseInt(hex.slice(1), 16);
  return (255 << 24 | (n & 255) << 16 | (n >> 8 & 255) << 8 | n >> 16) >>> 0;
}

const ONE_SIDE = [[0, 1, 2, 3, 4], [1, 1, 3, 3, 4], [2, 3, 2, 3, 4]];  // both plans, the first alone, the second alone

function paintPeople(view, people, step, shown, which) {
  const { dpr } = view, side = Math.max(people.side * view.metre * dpr, 1);
  const wide = Math.round(view.wide * dpr), high = Math.round(view.high * dpr);
  const colours = DATA.colours.map(rgba);
  const image = new ImageData(wide, high), pixels = new Uint32Array(image.data.buffer);
  const k = view.k * dpr, x0 = view.x * dpr, y0 = view.y * dpr;
  const halves = SIZES.map(function (part) { return (side < 5 ? side : side * part) / 2; });  // edges are rounded, so neighbours abut
  const { x, y, size, offline, step0, step1, step2, state } = people;
  for (let i = 0; i < x.length; i++) {
    const half = halves[size[i]], cx = x[i] * k + x0, cy = y[i] * k + y0;
    const left = Math.max(0, Math.round(cx - half)), right = Math.min(wide, Math.max(Math.round(cx - half) + 1, Math.round(cx + half)));
    const top = Math.max(0, Math.round(cy - half)), bottom = Math.min(high, Math.max(Math.round(cy - half) + 1, Math.round(cy + half)));
    if (left >= right || top >= bottom) continue;
    const kind = state ? ONE_SIDE[which][state[i]] : step0[i] <= step ? 0 : step1[i] <= step ? 1 : step2[i] <= step ? 2 : offline[i] ? 4 : 3;
    if (!shown[kind]) continue;
    const colour = colours[kind];
    for (let row = top * wide; row < bottom * wide; row += wide) {
      for (let at = row + left; at < row + right; at++) pixels[at] = colour;
    }
  }
  const under = document.createElement('canvas');
  under.width = wide;
  under.height = high;
  under.getContext('2d').putImageData(image, 0, 0);
  view.ctx.drawImage(under, 0, 0);
}

function paintRoads(view, roads) {
  inSteps(view, function (ctx, pixel) {
    for (let rank = 3; rank >= 0; rank--) {
      if ((rank === 3 && view.zoom < 12) || (rank === 2 && view.zoom < 10)) continue;
      const width = ROADS[rank][1] * Math.min(2, Math.max(0.6, (view.zoom - 8) / 4));
      ctx.strokeStyle = ROADS[rank][0];
      ctx.lineWidth = (rank === 3 && view.zoom < 15.5 ? Math.min(width, 1) : width) * pixel;  // hairlines are quick
      roads.paths.forEach(function (path, key) { if (key >> 8 === rank && seen(view, path)) ctx.stroke(path); });
    }
  });
}

function paintAreas(view, area, colour) {
  inSteps(view, function (ctx) {
    ctx.fillStyle = colour;
    area.paths.forEach(function (path) { ctx.fill(path, 'evenodd'); });
  });
}

function paintGround(view, units) {  // the planned area in white on the page's paper
  inSteps(view, function (ctx) {
    ctx.fillStyle = '#fff';
    units.rows.forEach(function (unit, i) {
      if (unit.level === units.rows[0].level && units.paths.has(i)) ctx.fill(units.paths.get(i), 'evenodd');
    });
  });
}

function paintShares(view, units, level, shareOf) {
  inSteps(view, function (ctx) {
    units.rows.forEach(function (unit, i) {
      const share = shareOf(unit);
      if (unit.level !== level || share === null || !units.paths.has(i)) return;
      ctx.fillStyle = COLOURS.shares[Math.min(4, Math.floor(share * 5))];
      ctx.globalAlpha = 0.75;
      ctx.fill(units.paths.get(i), 'evenodd');
    });
  });
}

function paintFills(view, units, colours, shown) {  // units by class, narrower ones over wider ones
  inSteps(view, function (ctx) {
    units.rows.forEach(function (unit, i) {
      if (unit.fill === undefined || shown['fill' + unit.fill] === false || !units.paths.has(i) || !seen(view, units.paths.get(i))) return;
      ctx.fillStyle = colours[unit.fill];
      ctx.fill(units.paths.get(i), 'evenodd');
    });
  });
}

function paintReach(view, reach, style, on, chosen, shown) {  // service areas: all of them, or that of the chosen station
  inSteps(view, function (ctx, pixel) {
    reach.paths.forEach(function (path, i) {
      const own = style.refs[i] === chosen;
      if (!(on || own) || !shown(style.refs[i]) || !seen(view, path)) return;
      ctx.globalAlpha = own ? 0.34 : 0.16;
      ctx.fillStyle = style.colour;
      ctx.fill(path, 'evenodd');
      ctx.globalAlpha = own ? 1 : 0.7;
      ctx.strokeStyle = style.colour;
      ctx.lineWidth = (own ? 2.2 : 1) * pixel;
      ctx.stroke(path);
    });
  });
}

function paintLines(view, lines, shown, selected) {
  inSteps(view, function (ctx, pixel) {
    ctx.lineJoin = ctx.lineCap = 'round';
    lines.paths.forEach(function (path, i) {
      const style = DATA.symbols[lines.rows[i].kind];
      if (!shown[lines.rows[i].kind] || !seen(view, path)) return;
      ctx.setLineDash([]);
      ctx.strokeStyle = i === selected ? '#ffd400' : '#fff';
      ctx.lineWidth = (style.width + (i === selected ? 6 : 2.5)) * pixel;
      ctx.stroke(path);
      ctx.setLineDash((style.dash || []).map(function (d) { return d * pixel; }));
      ctx.strokeStyle = style.colour;
      ctx.lineWidth = style.width * pixel;
      ctx.stroke(path);
    });
    ctx.setLineDash([]);
  });
}

function paintBorders(view, units, selected) {
  inSteps(view, function (ctx, pixel) {
    ctx.lineJoin = 'round';
    for (let i = units.rows.length - 1; i >= 0; i--) {
      if (!units.paths.has(i) || !seen(view, units.paths.get(i))) continue;
      const [colour, width, dashes] = DATA.borders[units.rows[i].level], dash = view.zoom > 16.5 ? [] : dashes;
      const chosen = i === selected;
      ctx.setLineDash([]);
      ctx.strokeStyle = 'rgba(255,255,255,0.7)';
      ctx.lineWidth = (width + 2) * pixel;
      ctx.stroke(units.paths.get(i));
      ctx.setLineDash(chosen ? [] : dash.map(function (d) { return d * pixel; }));
      ctx.strokeStyle = chosen ? '#000' : colour;
      ctx.lineWidth = (chosen ? 3 : width) * pixel;
      ctx.stroke(units.paths.get(i));
    }
  });
}

function symbol(ctx, shape, x, y, r) {
  ctx.beginPath();
  if (shape === 'square') ctx.rect(Math.round(x - r), Math.round(y - r), Math.round(2 * r), Math.round(2 * r));
  else if (shape === 'circle') ctx.arc(x, y, r, 0, 2 * Math.PI);
  else {
    const corners = { triangle: [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]], diamond: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]] }[shape];
    corners.forEach(function (c, i) { ctx[i ? 'lineTo' : 'moveTo'](x + c[0] * r, y + c[1] * r); });
    ctx.closePath();
  }
}

function paintSites(view, sites, step, shown, selected, side) {
  const { ctx, dpr, zoom } = view;
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  const taken = [], grow = Math.min(1.35, Math.max(0.45, (zoom - 6) / 6));
  const room = Math.min(9.5 * grow, Math.max(4.2, DATA.apart * view.k * 0.55)), numbered = room > 6.4;  // crowded stations shrink to dots
  for (let i = sites.length - 1; i >= 0; i--) {
    const site = sites[i], x = site.x * view.k + view.x, y = site.y * view.k + view.y;
    const style = DATA.symbols[site.kind];
    site.visible = shown[site.kind] && site.rank <= step;
    if (side && site.kind === ['', 'second', 'first'][side]) continue;
    if (!site.visible || x < -20 || y < -20 || x > view.wide + 20 || y > view.high + 20) continue;
    const r = style.small ? 3.6 * grow * (site.size === undefined ? 1 : 0.5 + 0.9 * site.size) : site.rank > 99 && numbered ? room * 1.15 : room;
    if (!style.small) taken.push([x - r, y - r, x + r, y + r]);
    symbol(ctx, style.shape, x, y, r + (site === selected ? 4 : 1.4));
    ctx.fillStyle = site === selected ? '#ffd400' : '#fff';
    ctx.fill();
    symbol(ctx, style.shape, x, y, r);
    ctx.fillStyle = style.colour;
    ctx.fill();
    if (!site.rank || !numbered) continue;
    ctx.fillStyle = '#fff';
    ctx.font = 'bold ' + Math.round(room * 1.15) + 'px ' + FONT;
    ctx.fillText(String(site.rank), x, y + 0.5);
  }
  return taken;
}

const FONT = '"Microsoft YaHei","PingFang SC","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",SimHei,sans-serif';

const NUDGES = [0, -17, 17, -34, 34, -51, 51].flatMap(function (dy) {  // nearest first, upright before aside
  return [0, -0.5, 0.5, -1, 1].map(function (part) { return [part, dy]; });
}).sort(function (a, b) { return Math.abs(a[0]) * 60 + Math.abs(a[1]) - Math.abs(b[0]) * 60 - Math.abs(b[1]); });

function within(box, taken) {  // what stands, wholly or in part, in a box
  return taken.filter(function (t) { return t[0] < box[2] && box[0] < t[2] && t[1] < box[3] && box[1] < t[3]; });
}

function around(label, x, y, more) {
  const { half, tall } = label;
  return [x - half - more[0], y - tall - more[1], x + half + more[0], y + tall + more[1]];
}

function placed(label, x, y, taken) {  // the nearest free box; one that must be shown takes the least crowded
  const near = within(around(label, x, y, [label.half, 51]), taken);
  let best = null, least = label.must ? Infinity : 1;
  for (const [part, dy] of NUDGES) {
    const box = around(label, x + part * label.half, y + dy, [0, 0]), count = within(box, near).length;
    if (count < least) [best, least] = [box, count];
    if (!count) break;
  }
  return best;
}

function paintLabels(view, labels, taken) {  // greedy by rank: shifted off what is taken, or left out
  const { ctx, dpr } = view;
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  for (const label of labels) {
    if (view.zoom < label.from) continue;
    const x = label.x * view.k + view.x, y = label.y * view.k + view.y;
    if (x < 0 || y < 0 || x > view.wide || y > view.high) continue;
    ctx.font = label.font;
    if (!label.half) label.half = ctx.measureText(label.text).width / 2 + 4;
    const box = placed(label, x, y, taken);
    if (!box) continue;
    taken.push(box);
    const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    ctx.strokeStyle = 'rgba(255,255,255,0.92)';
    ctx.lineWidth = 3.5;
    ctx.strokeText(label.text, ...middle);
    ctx.fillStyle = label.colour;
    ctx.fillText(label.text, ...middle);
  }
}
