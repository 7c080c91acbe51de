// SPDX-License-Identifier: Apache-2.0
// What the robustness suite finds beside accuracies over a level: corruptions, least perturbations.
'use strict';

const Suite = (() => {
  const {AddSave, AddTable, Reveal} = Parts;
  const {Percent} = Tests;

  // A heat map a condition and set: corruptions by severities.
  function FillCorruptions(conditions) {
    const csv = [['condition', 'set', 'corruption', 'severity', 'accuracy']];
    conditions.forEach(({name, corruptions}) => {
      if (!corruptions) return;
      const box = Reveal('corruptions').querySelector('.tables');
      new Set(corruptions.map((c) => c.set)).forEach((set) => {
        const of_set = corruptions.filter((c) => c.set === set);
        const severities = [...new Set(of_set.map((c) => c.severity))].sort(d3.ascending);
        const rows =
            [...new Set(of_set.map((c) => c.name))].map((kind) => [kind].concat(severities.map((s) => {
              const found = of_set.find((c) => c.name === kind && c.severity === s);
              return found ? {text: Percent(found.accuracy), share: found.accuracy} : {text: '–'};
            })));
        AddTable(
            box, `Accuracy of ${name} on ${set}, per cent`,
            [{text: `${name}, ${set}`}].concat(severities.map((s) => ({text: String(s)}))), rows);
        of_set.forEach((c) => csv.push([name, set, c.name, c.severity, c.accuracy]));
      });
    });
    if (csv.length > 1)
      AddSave(document.getElementById('corruptions'), 'corruptions', 'accuracy on corrupted images', csv);
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
