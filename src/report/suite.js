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

  function FillDifferences(differences) {
    [[false, 'At equal options'], [true, 'At equal accuracy on clean images']].forEach(([matched, title]) => {
      const rows = differences.filter((row) => row.matched === matched);
      if (!rows.length) return;
      const section = Reveal('differences');
      Parts.Add(section, 'h3', title);
      const Points = (share) => (100 * share).toFixed(1);
      const Test =
          ({test, norm, level, epsilon}) => [test, norm, level === null ? epsilon : level]
                                                .filter((part) => part !== null)
                                                .map(
                                                    (part) =>
                                                        typeof part === 'number' ? Tests.Short(part) : part)
                                                .join(' ');
      AddTable(
          section, title,
          [
            {text: 'condition'}, {text: 'against', left: true}, {text: 'test', left: true},
            {text: 'difference'}, {text: '95 % interval'}, {text: 'p'}, {text: 'seeds'}
          ],
          rows.map(
              (row) =>
                  [row.condition, {text: row.against, left: true}, {text: Test(row), left: true},
                   {text: `${row.difference > 0 ? '+' : ''}${Points(row.difference)}`},
                   {text: row.interval ? row.interval.map(Points).join(' to ') : '–'},
                   {text: row.p === null ? '–' : row.p.toPrecision(2)}, {text: String(row.seeds)}]));
      AddSave(
          section, `differences-${matched ? 'matched' : 'paired'}`, title,
          [[
            'condition', 'against', 'test', 'norm', 'level', 'epsilon', 'seeds', 'difference', 'low', 'high',
            'p'
          ]]
              .concat(rows.map(
                  (row) =>
                      [row.condition, row.against, row.test, row.norm, row.level, row.epsilon, row.seeds,
                       row.difference, ...(row.interval || [null, null]), row.p])));
    });
  }

  return {FillDifferences, FillCorruptions, FillPerturbations};
})();
