// SPDX-License-Identifier: Apache-2.0
// What is in a recording: its faults, some of its images, and how its neurons are spread over a score.
'use strict';

const Recordings = (() => {
  const {Add, AddSave} = Parts;
  const kTitles = {
    oracle_correlation: 'Oracle correlation',
    split_half_reliability: 'Split-half reliability',
    fev: 'Fraction of explainable variance',
    w: 'Weight sigma / eta',
  };

  function AddHistogram(parent, name, {key, edges, counts}) {
    const title = kTitles[key], figure = Add(parent, 'figure');
    Add(figure, 'h3', title);
    const plot = Add(figure, 'div', null, {'class': 'plot'});
    const width = 400, height = 190, left = 44, bottom = 40, top = 24, right = 12;
    const x = d3.scale.linear().domain([edges[0], edges[edges.length - 1]]).range([left, width - right]);
    const y = d3.scale.linear().domain([0, d3.max(counts) || 1]).range([height - bottom, top]);
    const svg = d3.select(plot).append('svg').attr(
        {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title});
    counts.forEach((count, i) => {
      svg.append('rect').attr({
        'class': 'bar',
        x: x(edges[i]) + 0.5,
        y: y(count),
        width: Math.max(1, x(edges[i + 1]) - x(edges[i]) - 1),
        height: y(0) - y(count),
      });
    });
    svg.append('g')
        .attr({'class': 'axis', transform: `translate(0,${height - bottom})`})
        .call(d3.svg.axis().scale(x).ticks(6));
    svg.append('g')
        .attr({'class': 'axis', transform: `translate(${left},0)`})
        .call(d3.svg.axis().scale(y).orient('left').ticks(4).tickFormat(d3.format('d')));
    svg.append('text').attr({x: width - right, y: height - 4, 'text-anchor': 'end'}).text(title);
    svg.append('text').attr({x: 2, y: 12}).text('neurons');
    AddSave(
        Add(figure, 'div', null, {'class': 'below'}), `${name}-${key}`, `${title} of ${name}`,
        [['from', 'to', 'neurons']].concat(counts.map((count, i) => [edges[i], edges[i + 1], count])));
  }

  function Fill(section, recordings) {
    recordings.forEach((recording) => {
      if (recordings.length > 1) Add(section, 'h3', recording.name);
      recording.faults.forEach((fault) => Add(section, 'p', fault, {'class': 'note'}));
      if (recording.picture) {
        const figure = Add(section, 'figure');
        Add(figure, 'img', null, {
          'class': 'pixels',
          src: `data:image/png;base64,${recording.picture}`,
          alt: `Some of the images that ${recording.name} shows`,
        });
        Add(figure, 'figcaption', 'Some of its images.');
      }
      const charts = Add(section, 'div', null, {'class': 'charts'});
      recording.histograms.forEach((histogram) => AddHistogram(charts, recording.name, histogram));
    });
  }

  return {Fill};
})();
