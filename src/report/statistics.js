// SPDX-License-Identifier: Apache-2.0
// How the conditions of an experiment differ: differences with their intervals, robustness against accuracy,
// which alpha was chosen.
'use strict';

const Statistics = (() => {
  const {Add, AddTable, AddSave, Reveal} = Parts;
  const Points = (share) => share === null ? '–' : (100 * share).toFixed(1);
  const Signed = (share) => `${share > 0 ? '+' : ''}${Points(share)}`;
  const Between = (interval) => interval ? `${Points(interval[0])} to ${Points(interval[1])}` : '–';
  const Probability = (p) => p === null ? '–' : p < 0.001 ? 'below 0.001' : p.toFixed(3);
  const Ends = (interval) => interval || [null, null];

  // "gaussian 0.1" and "pgd linf 4/255" as the charts call them.
  function FigureName(figure) {
    const [name, ...strength] = figure.split(' ');
    const title = Tests.Title(name).replace(/_/g, ' ').replace(/, mean$/, ', severity');
    return [title, ...strength.map((part) => Tests.Norm(part) || part)].join(' ');
  }

  function FillComparisons({method, seeds, count, rows}) {
    const section = Reveal('differences');
    const said = [
      method && `Method: ${method}`, seeds !== null && `${seeds} seeds`,
      count !== null && `${count} ${count === 1 ? 'comparison' : 'comparisons'}`
    ];
    Add(section, 'p', `${said.filter(Boolean).join('; ')}.`, {'class': 'quiet'});
    AddTable(
        section, 'Differences between conditions',
        [
          {text: 'condition'}, {text: 'against', left: true}, {text: 'test', left: true},
          {text: 'difference'}, {text: '95 % interval'}, {text: 'p'}, {text: 'p, corrected'}
        ],
        rows.map(
            (row) =>
                [row.condition, {text: row.against, left: true}, {text: FigureName(row.figure), left: true},
                 {text: Signed(row.difference)}, {text: Between(row.interval)},
                 {text: Probability(row.p_value)},
                 {text: Probability(row.p_holm), best: row.p_holm !== null && row.p_holm < 0.05}]));
    AddSave(
        section, 'differences', 'differences between conditions',
        [['condition', 'against', 'figure', 'difference', 'low', 'high', 'p_value', 'p_holm']].concat(
            rows.map(
                (row) =>
                    [row.condition, row.against, row.figure, row.difference, ...Ends(row.interval),
                     row.p_value, row.p_holm])));
  }

  // A chart a figure, a line a family.
  function FillFronts(fronts, AddChart) {
    const box = Reveal('fronts').querySelector('.charts');
    const families = [...new Set(fronts.map(({family}) => family))];
    const key = Add(document.getElementById('fronts'), 'p', null, {'class': 'quiet key'});
    families.forEach((family, index) => {
      const entry = Add(key, 'span');
      Chart.Sample(d3.select(entry), index);
      Add(entry, 'span', family);
    });
    document.getElementById('fronts').insertBefore(key, box);
    [...new Set(fronts.map(({figure}) => figure))].forEach((figure) => {
      const series = fronts.filter((front) => front.figure === figure)
                         .map(({family, points}) => ({
                                index: families.indexOf(family),
                                name: family,
                                points: points.map(FrontPoint).sort((a, b) => a.x - b.x),
                              }));
      const all = [].concat(...series.map((s) => s.points));
      const xs = all.map((p) => p.x), margin = Math.max(0.005, 0.08 * (d3.max(xs) - d3.min(xs)));
      const title = `Accuracy at ${FigureName(figure)} over accuracy on clean images`;
      AddChart(box, {
        title,
        fixed: true,
        bars: true,
        xlabel: 'accuracy on clean images (%)',
        ylabel: 'accuracy under this test (%)',
        xDomain: [d3.min(xs) - margin, d3.max(xs) + margin],
        yDomain: [0, Math.min(1, 1.15 * d3.max(all, (p) => p.high === null ? p.y : p.high)) || 1],
        YTick: (share) => Math.round(100 * share),
        series,
        Tick: (x) => String(Number((100 * x).toFixed(2))),
        symbol: ' % clean',
        Value: (p) =>
            `${Points(p.y)} %${p.high === null ? '' : ` ± ${Points(p.high - p.y)}`}, ${p.condition}`,
        file: `front-${figure}`,
        columns: ['clean_accuracy', 'accuracy', 'low', 'high', 'condition'],
        Cells: (p) => [p.x, p.y, p.low, p.high, p.condition],
      });
    });
  }
  function FrontPoint({condition, clean_accuracy: x, accuracy: y, standard_error: se}) {
    return {x, y, low: se === null ? null : y - se, high: se === null ? null : y + se, condition};
  }

  function FillMatched(matched) {
    const section = Reveal('matched');
    AddTable(
        section, 'Differences at equal accuracy on clean images',
        [
          {text: 'condition'}, {text: 'against', left: true}, {text: 'test', left: true},
          {text: 'clean, both'}, {text: 'accuracy'}, {text: 'of the other'}, {text: 'difference'},
          {text: '95 % interval'}
        ],
        matched.map(
            (row) =>
                [row.family, {text: row.against, left: true}, {text: FigureName(row.figure), left: true},
                 {text: Points(row.clean_accuracy)}, {text: Points(row.accuracy)},
                 {text: Points(row.accuracy_against)}, {text: Signed(row.difference)},
                 {text: Between(row.interval)}]));
    AddSave(
        section, 'matched', 'differences at equal accuracy on clean images',
        [[
          'family', 'condition', 'against', 'figure', 'clean_accuracy', 'accuracy', 'accuracy_against',
          'difference', 'low', 'high'
        ]]
            .concat(matched.map(
                (row) =>
                    [row.family, row.condition, row.against, row.figure, row.clean_accuracy, row.accuracy,
                     row.accuracy_against, row.difference, ...Ends(row.interval)])));
  }

  function FillSelection(selection) {
    const section = Reveal('selection');
    const Number4 = (alpha) => alpha === null ? '–' : Tests.Short(alpha);
    AddTable(
        section, 'Chosen alpha of each family',
        [
          {text: 'family'}, {text: 'chosen', left: true}, {text: 'alpha'}, {text: 'validation accuracy'},
          {text: 'the same under noise'}, {text: 'share of clean accuracy kept'}
        ],
        selection.map(
            (row) =>
                [row.family, {text: row.condition, left: true}, {text: Number4(row.alpha)},
                 {text: Points(row.validation_accuracy)}, {text: Points(row.validation_accuracy_noise)},
                 {text: Points(row.kept_share)}]));
    AddSave(
        section, 'selection', 'chosen alpha of each family',
        [['family', 'condition', 'alpha', 'validation_accuracy', 'validation_accuracy_noise', 'kept_share']]
            .concat(selection.map(
                (row) =>
                    [row.family, row.condition, row.alpha, row.validation_accuracy,
                     row.validation_accuracy_noise, row.kept_share])));
  }

  function Fill(statistics, AddChart) {
    statistics.forEach(({comparisons, fronts, matched, selection}) => {
      if (comparisons) FillComparisons(comparisons);
      if (fronts) FillFronts(fronts, AddChart);
      if (matched) FillMatched(matched);
      if (selection) FillSelection(selection);
    });
  }

  return {Fill};
})();
