// SPDX-License-Identifier: Apache-2.0
// Curves: one chart for one kind of test, one line a condition. Names come from files and are put in as text
// only.
'use strict';

const Chart = (() => {
  const kWidth = 460, kHeight = 300;
  const kMargin = {top: 10, right: 14, bottom: 48, left: 60};
  const kColors = 7;
  let plots = 0;  // drawn so far: names their clipping paths
  // Of other lengths than the colours, so that the same triple comes back after 42 conditions.
  const kMarkers = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'];
  const kDashes = [null, '8 4', '2 3', '9 3 2 3', '14 4', '5 2'];

  const Color = (index) => `var(--line${index % kColors})`;
  const Marker = (index, size) => d3.svg.symbol().type(kMarkers[index % kMarkers.length]).size(size)();

  // A piece of the line as it looks in the charts.
  function Sample(parent, index) {
    const svg =
        parent.append('svg').attr({width: 36, height: 14, viewBox: '0 0 36 14', 'aria-hidden': 'true'});
    svg.append('line')
        .attr({
          x1: 1,
          x2: 35,
          y1: 7,
          y2: 7,
          'stroke-width': 2.2,
          'stroke-dasharray': kDashes[index % kDashes.length]
        })
        .style('stroke', Color(index));
    svg.append('path').attr({d: Marker(index, 50), transform: 'translate(18,7)'}).style('fill', Color(index));
  }

  // chart: {title, xlabel, ylabel, yDomain, series, Tick, Value}; optional: ticks, YTick, symbol (after a
  // level's text).
  // bars: bars instead of bands; scatter: points and bars alone, and the line where x is y; xDomain.
  //   series [{index, name, points [{x, y, low, high}]}], low and high null where no spread is known
  //   Tick(x) and Value(point) are texts. `shown(index)` says whether a condition is switched on.
  // Returns a function that draws again what `shown` lets through.
  function Draw(parent, chart, shown) {
    const inner = {
      width: kWidth - kMargin.left - kMargin.right,
      height: kHeight - kMargin.top - kMargin.bottom
    };
    const levels = d3.set(d3.merge(chart.series.map((s) => s.points.map((p) => p.x))))
                       .values()
                       .map(Number)
                       .sort(d3.ascending);
    const pad = levels.length > 1 ? 0 : 0.5;
    const x =
        d3.scale.linear().domain(chart.xDomain || [levels[0] - pad, levels[levels.length - 1] + pad]).range([
          0, inner.width
        ]);
    const y = d3.scale.linear().domain(chart.yDomain).range([inner.height, 0]);

    const plot = parent.append('div').attr('class', 'plot');
    const svg = plot.append('svg').attr(
        {viewBox: `0 0 ${kWidth} ${kHeight}`, role: 'group', 'aria-label': `Curves: ${chart.title}`});
    const area = svg.append('g').attr('transform', `translate(${kMargin.left},${kMargin.top})`);
    DrawAxes(area, chart, x, y, inner);

    // a band may reach far beyond the axes: it ends with the plot; markers on its edge stay whole
    const clip = `plot${++plots}`, room = 5;
    svg.append('clipPath')
        .attr('id', clip)
        .append('rect')
        .attr({x: -room, y: -room, width: inner.width + 2 * room, height: inner.height + 2 * room});
    const lines = area.append('g')
                      .attr('clip-path', `url(#${clip})`)
                      .selectAll('g.series')
                      .data(chart.series)
                      .enter()
                      .append('g')
                      .attr({'class': 'series', 'aria-hidden': 'true'});
    if (chart.scatter) DrawDiagonal(area, x, y);
    if (chart.scatter || chart.bars)
      DrawBars(lines, x, y);
    else
      DrawBands(lines, x, y);
    if (!chart.scatter) DrawCurves(lines, x, y);
    lines.each(function(s) {
      d3.select(this)
          .selectAll('path.marker')
          .data(s.points)
          .enter()
          .append('path')
          .attr(
              {'class': 'marker', d: Marker(s.index, 46), transform: (p) => `translate(${x(p.x)},${y(p.y)})`})
          .style('fill', Color(s.index));
    });

    const Reread = AddReader(plot, area, chart, shown, levels, x, inner);
    return () => {
      lines.style('display', (s) => shown(s.index) ? null : 'none');
      Reread();
    };
  }

  const spread = (p) => p.low !== null;
  function DrawBands(lines, x, y) {
    lines.append('path')
        .attr('class', 'band')
        .style('fill', (s) => Color(s.index))
        .attr(
            'd',
            (s) => d3.svg.area()
                       .defined(spread)
                       .x((p) => x(p.x))
                       .y0((p) => y(p.low))
                       .y1((p) => y(p.high))(s.points));
  }

  function DrawBars(lines, x, y) {
    lines.append('path')
        .attr('class', 'spread')
        .style('stroke', (s) => Color(s.index))
        .attr('d', (s) => s.points.filter(spread).map((p) => `M${x(p.x)},${y(p.low)}V${y(p.high)}`).join(''));
  }

  function DrawCurves(lines, x, y) {
    lines.append('path')
        .attr('class', 'line')
        .style('stroke', (s) => Color(s.index))
        .attr('stroke-dasharray', (s) => kDashes[s.index % kDashes.length])
        .attr('d', (s) => d3.svg.line().x((p) => x(p.x)).y((p) => y(p.y))(s.points));
  }

  function DrawDiagonal(area, x, y) {
    const [low, high] = x.domain();
    area.insert('line', 'g[clip-path]')
        .attr({'class': 'diagonal', 'aria-hidden': 'true', x1: x(low), y1: y(low), x2: x(high), y2: y(high)});
  }

  function DrawAxes(area, chart, x, y, inner) {
    const xAxis =
        d3.svg.axis().scale(x).orient('bottom').tickFormat(chart.Tick).outerTickSize(0).tickPadding(7);
    const [first, last] = x.domain();
    if (chart.ticks)
      xAxis.tickValues(chart.ticks.filter((tick) => tick >= first - 1e-9 && tick <= last + 1e-9));
    else
      xAxis.ticks(6);
    const yAxis = d3.svg.axis()
                      .scale(y)
                      .orient('left')
                      .ticks(5)
                      .innerTickSize(-inner.width)
                      .outerTickSize(0)
                      .tickPadding(8);
    if (chart.YTick) yAxis.tickFormat(chart.YTick);
    area.append('g').attr({'class': 'axis', 'aria-hidden': 'true'}).call(yAxis);
    area.append('g')
        .attr({'class': 'axis', 'aria-hidden': 'true', transform: `translate(0,${inner.height})`})
        .call(xAxis);
    area.append('text')
        .attr({x: inner.width / 2, y: inner.height + 41, 'text-anchor': 'middle'})
        .text(chart.xlabel);
    area.append('text')
        .attr({transform: 'rotate(-90)', x: -inner.height / 2, y: -47, 'text-anchor': 'middle'})
        .text(chart.ylabel);
  }

  // Reads the values at one level: under the pointer, or by arrow keys as on a slider, which screen readers
  // speak.
  function AddReader(plot, area, chart, shown, levels, x, inner) {
    const cursor =
        area.append('line').attr({'class': 'cursor', y1: 0, y2: inner.height}).style('display', 'none');
    const box = plot.append('div').attr({'class': 'values', 'aria-hidden': 'true'}).style('display', 'none');
    const reader = area.append('rect').attr({
      'class': 'reader',
      width: inner.width,
      height: inner.height,
      tabindex: 0,
      role: 'slider',
      'aria-orientation': 'horizontal',
      'aria-label':
          `Values of ${chart.title}: choose ${chart.scatter ? 'an image' : 'a level'} with the arrow keys`,
      'aria-valuemin': 0,
      'aria-valuemax': levels.length - 1,
    });
    let at = 0;
    const at_level = () => chart.series.filter((s) => shown(s.index))
                               .map((s) => ({series: s, point: s.points.find((p) => p.x === levels[at])}))
                               .filter((found) => found.point);
    const describe = () => reader.attr({
      'aria-valuenow': at,
      'aria-valuetext':
          [`${chart.xlabel}: ${chart.Tick(levels[at])}`]
              .concat(at_level().map(({series, point}) => `${series.name}: ${chart.Value(point)}`))
              .join('; ')
    });
    const hide = () => {
      cursor.style('display', 'none');
      box.style('display', 'none');
    };
    const show = () => {
      describe();
      const left = x(levels[at]);
      cursor.style('display', null).attr({x1: left, x2: left});
      box.text('').style('display', null);
      box.append('strong').text(`at ${chart.Tick(levels[at])}${chart.symbol || ''}`);
      at_level().forEach(({series, point}) => {
        const row = box.append('div');
        Sample(row, series.index);
        row.append('span').text(series.name);
        row.append('b').text(chart.Value(point));
      });
      Place(plot.node(), box, (kMargin.left + left) / kWidth);
    };
    const point_at = function() {
      const value = x.invert(d3.mouse(this)[0]);
      at = d3.range(levels.length)
               .reduce(
                   (best, i) => Math.abs(levels[i] - value) < Math.abs(levels[best] - value) ? i : best, 0);
      show();
    };
    reader.on('pointermove', point_at)
        .on('pointerdown', point_at)
        .on('focus', show)
        .on('blur', hide)
        .on('pointerleave',
            function() {
              if (document.activeElement !== this) hide();
            })
        .on('keydown', () => {
          const last = levels.length - 1;
          const next = {
            ArrowRight: at + 1,
            ArrowUp: at + 1,
            ArrowLeft: at - 1,
            ArrowDown: at - 1,
            Home: 0,
            End: last
          }[d3.event.key];
          if (d3.event.key === 'Escape') return hide();
          if (next === undefined) return undefined;
          d3.event.preventDefault();
          at = Math.max(0, Math.min(last, next));
          return show();
        });
    describe();
    return () => box.style('display') === 'none' ? describe() : show();
  }

  // Beside the cursor, which stands at a share of the plot's width, and never beyond the plot.
  function Place(plot, box, share) {
    box.style('left', '0px');
    const gap = 12, most = plot.clientWidth, width = box.node().offsetWidth, cursor = share * most;
    const edge = share > 0.5 ? 0 : most - width;
    const left = cursor + gap + width <= most ? cursor + gap :
        cursor - gap - width >= 0             ? cursor - gap - width :
                                                edge;
    box.style('left', `${left}px`);
  }

  return {Draw, Sample};
})();
