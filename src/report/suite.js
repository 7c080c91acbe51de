// SPDX-License-Identifier: Apache-2.0
// What the robustness suite finds beside accuracies over a level: corruptions, least perturbations.
'use strict';

const Suite = (() => {
  const {Add, AddSave, AddTable, Reveal} = Parts;
  const {Percent} = Tests;

  // A heat map a set, as a table: each cell shows its pixel of the picture, and its value as text.
  function AddCorruptionMap(box, conditions, {set, names, columns, png}) {
    const Found = (name, {condition, severity}) => conditions[condition].corruptions.find(
        (c) => c.set === set && c.name === name && c.severity === severity);
    const tested = [...new Set(columns.map(({condition}) => condition))];
    const Of = (condition) => columns.filter((column) => column.condition === condition);
    const heads = [
      [{text: set, rowspan: 2}].concat(
          tested.map((condition) => ({text: conditions[condition].name, colspan: Of(condition).length}))),
      columns.map(({severity}) => ({text: String(severity), corner: false}))
    ];
    const Share = (at, count) => count > 1 ? `${100 * at / (count - 1)}%` : '0%';
    const rows = names.map((name, y) => [name].concat(columns.map((column, x) => {
      const found = Found(name, column);
      return {
        text: found ? Percent(found.accuracy) : '–',
        title: `${conditions[column.condition].name}, ${name}, severity ${column.severity}`,
        pixel: {
          place: `${Share(x, columns.length)} ${Share(y, names.length)}`,
          bright: !found || found.accuracy > 0.45,
        },
      };
    })));
    const table = AddTable(box, `Accuracy on ${set}, per cent, by condition and severity`, heads, rows);
    table.classList.add('heat');
    table.style.setProperty('--map', `url(${png})`);
    table.style.setProperty('--size', `${100 * columns.length}% ${100 * names.length}%`);
  }

  function FillCorruptions({conditions, corruption_maps: maps, heat_scale: scale}) {
    if (!maps.length) return;
    const section = Reveal('corruptions'), box = section.querySelector('.tables');
    const key = section.querySelector('.scale');
    Add(key, 'span', 'Colours: 0 %');
    Add(key, 'img', null, {src: scale, alt: 'from dark blue over green to yellow'});
    Add(key, 'span', '100 %');
    maps.forEach((map) => AddCorruptionMap(box, conditions, map));
    const csv = [['condition', 'set', 'corruption', 'severity', 'accuracy']];
    conditions.forEach(
        ({name, corruptions}) =>
            (corruptions || []).forEach((c) => csv.push([name, c.set, c.name, c.severity, c.accuracy])));
    AddSave(section, 'corruptions', 'accuracy on corrupted images', csv);
  }

  function FillPerturbations(conditions, AddChart, Ticks) {
    Tests.PerturbationGroups(conditions).forEach((group) => {
      const series = [], rows = [];
      group.found.forEach((found, index) => {
        const name = conditions[index].name;
        const points = found.points.map((p) => ({x: p.epsilon, y: p.success_rate, low: null, high: null}));
        series.push({index, name, points: [{x: 0, y: 0, low: null, high: null}].concat(points)});
        const Text = (size) => size === undefined ? '–' : group.Tick(size) + group.symbol;
        rows.push([
          name, {text: Text(found.median)},
          {text: found.quartiles ? found.quartiles.map(Text).join(' to ') : '–'}
        ]);
      });
      const box = Reveal('perturbations').querySelector('.charts');
      AddChart(box, {
        title: `Least perturbation: ${group.title}`,
        caption: group.words && group.words[0].toUpperCase() + group.words.slice(1),
        xlabel: group.xlabel,
        ylabel: 'images fooled (%)',
        yDomain: [0, 1],
        YTick: (share) => Math.round(100 * share),
        series,
        Tick: group.Tick,
        symbol: group.symbol,
        ticks: Ticks(group, series),
        file: `least-${group.file}`,
        columns: ['epsilon', 'success_rate', 'low', 'high'],
        Value: (p) => `${Percent(p.y)} %`,
      });
      AddTable(
          box.lastChild, `Least perturbation: ${group.title}`,
          [{text: 'condition'}, {text: 'median'}, {text: 'quartiles'}], rows);
    });
  }

  return {FillCorruptions, FillPerturbations};
})();
