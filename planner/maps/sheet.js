// Numbers unpacked, and one canvas that follows the map: everything of ours is painted on it in order.
async function unpack(layer) {
  const packed = Uint8Array.from(atob(layer.data), function (c) { return c.charCodeAt(0); });
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const arrays = {};
  let at = 0;
  for (const [name, width, length, isDelta] of layer.columns) {
    const array = new { 1: Uint8Array, 2: Uint16Array, 4: Int32Array }[width](length);
    for (let plane = 0; plane < width; plane++) {
      const shift = 8 * plane;
      for (let i = 0; i < length; i++) array[i] |= bytes[at++] << shift;
    }
    if (isDelta) for (let i = 1; i < length; i++) array[i] += array[i - 1];
    arrays[name] = array;
  }
  layer.data = null;
  return arrays;
}

const Sheet = L.Layer.extend({
  initialize: function (paint) { this._paint = paint; this._pad = 0.25; this._slice = null; },
  getEvents: function () {
    const events = { moveend: this._settle, viewreset: this._place, resize: this.redraw, move: this._follow };
    if (this._zoomAnimated) events.zoomanim = this._animate;
    return events;
  },
  onAdd: function () {
    this._canvas = L.DomUtil.create('canvas', 'sheet ' + (this._zoomAnimated ? 'leaflet-zoom-animated' : ''));
    this._canvas.setAttribute('aria-hidden', 'true');
    this.getPane().appendChild(this._canvas);
    this.redraw();
  },
  onRemove: function () { this._canvas.remove(); },
  redraw: function () {
    const map = this._map, canvas = this._canvas;
    clearTimeout(this._later);
    if (!map || map._animatingZoom) return;
    const size = map.getSize(), pad = size.multiplyBy(this._pad).round(), dpr = Math.min(window.devicePixelRatio || 1, 2);
    const corner = map.containerPointToLayerPoint(pad.multiplyBy(-1)).round();
    const wide = size.x + 2 * pad.x, high = size.y + 2 * pad.y;
    if (canvas.width !== Math.round(wide * dpr) || canvas.height !== Math.round(high * dpr)) {
      canvas.width = Math.round(wide * dpr);
      canvas.height = Math.round(high * dpr);
      canvas.style.width = wide + 'px';
      canvas.style.height = high + 'px';
    }
    L.DomUtil.setPosition(canvas, corner);
    this._center = map.getCenter();
    this._zoom = map.getZoom();
    this._bounds = L.bounds(corner, corner.add([wide, high]));
    const world = 256 * Math.pow(2, this._zoom), origin = map.getPixelOrigin();
    const [x, y, step] = DATA.box;
    const view = {
      ctx: canvas.getContext('2d'), dpr: dpr, zoom: this._zoom, wide: wide, high: high, k: step * world,
      x: x * world - origin.x - corner.x, y: y * world - origin.y - corner.y,
      metre: world / (40075016.7 * Math.cos(this._center.lat * Math.PI / 180)),
    };
    view.ctx.setTransform(1, 0, 0, 1, 0, 0);
    view.ctx.clearRect(0, 0, canvas.width, canvas.height);
    this._paint(view);
    this._cut();
  },
  slice: function (from, to) { this._slice = [from, to]; this._cut(); },  // show only this part of the map's width, 0 to 1
  _cut: function () {
    const map = this._map, canvas = this._canvas;
    if (!map || !this._slice) return;
    const left = map.containerPointToLayerPoint([0, 0]).subtract(L.DomUtil.getPosition(canvas)).x, wide = map.getSize().x;
    const from = left + this._slice[0] * wide, to = parseFloat(canvas.style.width) - left - this._slice[1] * wide;
    canvas.style.clipPath = 'inset(0 ' + Math.max(0, to) + 'px 0 ' + Math.max(0, from) + 'px)';
  },
  _follow: function () {  // a drag beyond the margin is painted before it ends
    const map = this._map;
    const seen = L.bounds(map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint(map.getSize()));
    if (!map._animatingZoom && map.getZoom() === this._zoom && !this._bounds.contains(seen)) this.redraw();
    else if (map.getZoom() === this._zoom) this._cut();
  },
  _settle: function () {  // a burst of zooms is painted once, when it ends; until then the last picture is stretched
    clearTimeout(this._later);
    if (this._map.getZoom() === this._zoom) this.redraw();
    else this._later = setTimeout(this.redraw.bind(this), 120);
  },
  _place: function () { this._animate({ center: this._map.getCenter(), zoom: this._map.getZoom() }); },
  _animate: function (e) {
    const map = this._map, scale = map.getZoomScale(e.zoom, this._zoom);
    const half = map.getSize().multiplyBy(0.5 + this._pad);
    const offset = half.multiplyBy(-scale).add(map.project(this._center, e.zoom)).subtract(map._getNewPixelOrigin(e.center, e.zoom));
    L.DomUtil.setTransform(this._canvas, offset, scale);
  },
});

function linkSwipe(map, sheet, halves, say) {  // two plans either side of a line that can be dragged or moved by key
  const bar = document.getElementById('swipe'), frame = document.querySelector('.sheetframe'), asked = document.getElementById('swiping');
  function move() {
    const at = Number(bar.value) / 1000;
    frame.style.setProperty('--swipe', at * 100 + '%');
    halves[0].slice(0, at);
    halves[1].slice(at, 1);
  }
  function turn() {
    frame.classList.toggle('swiping', asked.checked);
    document.getElementById('swipebox').hidden = !asked.checked;
    [sheet].concat(halves).forEach(function (one) { one.remove(); });
    (asked.checked ? halves : [sheet]).forEach(function (one) { one.addTo(map); });
    [['people0', ''], ['people1', 'covered_one'], ['people2', 'covered_two'], ['people3', 'uncovered_word']].forEach(function (row) {
      const line = document.querySelector('[data-layer=' + row[0] + ']').parentNode, text = line.querySelector('span');
      if (!text.dataset.plain) text.dataset.plain = text.dataset.w;
      line.hidden = asked.checked && !row[1];
      text.dataset.w = asked.checked && row[1] ? row[1] : text.dataset.plain;
      text.textContent = say(text.dataset.w);
    });
    if (asked.checked) move();
  }
  asked.addEventListener('change', turn);
  bar.addEventListener('input', move);
  turn();
}
