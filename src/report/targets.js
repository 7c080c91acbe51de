// SPDX-License-Identifier: Apache-2.0
// What a similarity target looks like: the matrix, its eigenvalues, pairs of images, other targets.
'use strict';

const Targets = (() => {
  const {Add, AddTable, AddSave} = Parts;

  // At most forty ranks, evenly spread over the octaves.
  function Ranks(count) {
    const ranks = d3.range(41).map((k) => Math.round(Math.pow(count, k / 40)));
    return ranks.filter((rank, k) => rank >= 1 && (k === 0 || rank !== ranks[k - 1]));
  }

  function AddSpectra(parent, targets) {
    const series =
        targets
            .map(({name, look}, index) => ({
                   index,
                   name,
                   points:
                       Ranks(look.eigenvalues.length)
                           .map((rank) => ({rank, value: look.eigenvalues[rank - 1]}))
                           .filter(({value}) => value > 1e-6 * look.eigenvalues[0])
                           .map(
                               ({rank, value}) => (
                                   {x: Math.log10(rank), y: Math.log10(value), low: null, high: null, value}))
                 }))
            .filter((s) => s.points.length > 1);
    if (!series.length) return;
    const all = [].concat(...series.map((s) => s.points));
    const figure = Add(parent, 'figure');
    Add(figure, 'h3', 'Eigenspectrum');
    Add(figure, 'figcaption',
        'How the variance of the similarities is spread over dimensions: a steep line is a target of few dimensions.');
    const Power = (x) => String(Number(Math.pow(10, x).toPrecision(2)));
    Chart.Draw(
        d3.select(figure), {
          title: 'Eigenspectrum',
          xlabel: 'rank of the eigenvalue',
          ylabel: 'eigenvalue',
          yDomain: [Math.floor(d3.min(all, (p) => p.y)), Math.ceil(d3.max(all, (p) => p.y))],
          YTick: Power,
          ticks: d3.range(0, d3.max(all, (p) => p.x) + 1e-9),
          series,
          Tick: (x) => String(Math.round(Math.pow(10, x))),
          Value: (p) => String(Number(p.value.toPrecision(3))),
        },
        () => true);
    const list = Add(figure, 'p', null, {'class': 'quiet key'});
    series.forEach(({index, name}) => {
      const entry = Add(list, 'span'), {exponent} = targets[index].look;
      Chart.Sample(d3.select(entry), index);
      Add(entry, 'span', exponent === null ? name : `${name}: rank to the power -${exponent.toFixed(2)}`);
    });
    AddSave(figure, 'eigenvalues', 'Eigenvalues', [
      ['target', 'rank', 'eigenvalue']
    ].concat(...targets.map(({name, look}) => look.eigenvalues.map((value, k) => [name, k + 1, value]))));
  }

  // Two images side by side, cut out of the picture that holds all pairs one below the other.
  function AddPair(parent, look, k) {
    const {images, similarity} = look.pairs[k];
    const scale = Math.max(1, Math.round(180 / look.width));
    const cell = Add(parent, 'div', null, {'class': 'pair'});
    const frame = Add(cell, 'div');
    frame.style.height = `${look.height * scale}px`;
    const image = Add(frame, 'img', null, {
      src: look.pairs_png,
      alt: `images ${images[0]} and ${images[1]}`,
      width: look.width * scale,
    });
    image.style.marginTop = `${- k * look.height * scale}px`;
    Add(cell, 'small', `${images[0]}, ${images[1]}: ${similarity.toFixed(3)}`);
  }

  function AddLook(parent, {name, look}) {
    const figure = Add(parent, 'figure', null, {'class': 'target'});
    Add(figure, 'h3', name);
    const sample = look.shown < look.images ? `${look.shown} of ${look.images} images; ` : '';
    const spread =
        look.spread === null ? '' : `standard deviation of the similarities: ${look.spread.toFixed(3)}; `;
    Add(figure, 'figcaption',
        `${sample}${spread}similar images stand together; red: similar, blue: opposite, white: 0`);
    Add(figure, 'img', null, {'class': 'matrix', src: look.matrix_png, alt: `similarity matrix of ${name}`});
    const half = look.pairs.length / 2;
    if (!half) return;
    const details = Add(figure, 'details');
    Add(details, 'summary', 'Most and least similar pairs of images');
    const columns = Add(details, 'div', null, {'class': 'pairs'});
    [['most similar', 0], ['least similar', half]].forEach(([title, first]) => {
      const column = Add(columns, 'div');
      Add(column, 'h4', title);
      d3.range(first, first + half).forEach((k) => AddPair(column, look, k));
    });
  }

  function AddCorrelations(parent, targets) {
    const found = new Map();  // from both sides: each was made when other targets were there
    targets.forEach(({look}) => look.correlations.forEach(({name, pearson}) => {
      found.set(JSON.stringify([look.file, name]), pearson);
      found.set(JSON.stringify([name, look.file]), pearson);
    }));
    const Value = (a, b) => a === b ? 1 : found.get(JSON.stringify([a.look.file, b.look.file]));
    if (!targets.some((a) => targets.some((b) => a !== b && Value(a, b) !== undefined))) return;
    Add(parent, 'h3', 'How alike the targets are');
    Add(parent, 'p', 'Pearson correlation over pairs of images, 1 where two targets say the same.');
    AddTable(
        parent, 'Correlations of the targets',
        [{text: 'target'}].concat(targets.map(({name}) => ({text: name}))),
        targets.map((a) => [a.name].concat(targets.map((b) => {
          const value = Value(a, b);
          return {text: value === undefined ? '–' : value.toFixed(3)};
        }))));
  }

  function Fill(section, all) {
    const targets = all.filter(({look}) => look);
    if (!targets.length) return;
    const grid = Add(section, 'div', null, {'class': 'charts'});
    targets.forEach((target) => AddLook(grid, target));
    AddSpectra(grid, targets);
    AddCorrelations(section, targets);
  }

  return {Fill};
})();
