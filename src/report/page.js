// SPDX-License-Identifier: Apache-2.0
// Fills the page from the figures that the program checked.
'use strict';

(() => {
  const figures = JSON.parse(document.getElementById('figures').textContent);
  const conditions = figures.conditions;
  // One colour a name: a condition that is analysed is the one that was tested.
  const names = conditions.map(({name}) => name);
  figures.analyses.forEach((analysis) => analysis.conditions.forEach(({name}) => {
    if (!names.includes(name)) names.push(name);
  }));
  const off = new Set();  // indices of conditions that are switched off
  const shown = (index) => !off.has(index);
  const redraws = [];
  const {Add, Reveal, AddTable, AddSave} = Parts;
  const {Percent, Spread, SpreadText} = Tests;

  // A figure: heading, curves, and below them the same values as a table and as a file.
  function AddChart(parent, chart) {
    const figure = Add(parent, 'figure');
    Add(figure, 'h3', chart.title);
    if (chart.caption) Add(figure, 'figcaption', chart.caption);
    redraws.push(Chart.Draw(d3.select(figure), chart, shown));
    const below = Add(figure, 'div', null, {'class': 'below'});
    AddSave(below, chart.file, chart.title, [
      ['condition'].concat(chart.columns)
    ].concat(...chart.series.map((s) => s.points.map((p) => [s.name, p.x, p.y, p.low, p.high]))));
    const details = Add(below, 'details');
    Add(details, 'summary', 'Values as a table');
    const levels =
        [...new Set([].concat(...chart.series.map((s) => s.points.map((p) => p.x))))].sort(d3.ascending);
    AddTable(
        details, `Values of ${chart.title}`,
        [{text: chart.xlabel}].concat(chart.series.map((s) => ({text: s.name}))),
        levels.map((x) => [chart.Tick(x)].concat(chart.series.map((s) => {
          const point = s.points.find((p) => p.x === x);
          return {text: point ? chart.Value(point) : '–'};
        }))));
  }

  function FillSummary() {
    document.title = figures.title;
    const count = conditions.length, parts = [];
    if (count) parts.push(count === 1 ? '1 condition' : `${count} conditions`);
    const seeds = [...new Set(conditions.map((c) => c.seeds).filter((n) => n !== undefined))];
    if (seeds.length > 1) parts.push(`each trained ${d3.min(seeds)} to ${d3.max(seeds)} times (seeds)`);
    if (seeds.length === 1)
      parts.push(
          seeds[0] === 1 ? 'one training each' :
                           `each trained ${seeds[0]} times from other random starts (seeds)`);
    const images = [...new Set(conditions.map((c) => c.images).filter((n) => n !== undefined))];
    if (images.length === 1) parts.push(`tested on ${images[0]} images`);
    const scores = [].concat(...conditions.map((c) => c.tests.concat(c.clean || [])));
    const said = [parts.length ? `${parts.join(', ')}.` : ''];
    if (scores.some((s) => s.se !== undefined))
      said.push('Values are means over seeds; ± and the shaded bands are one standard error of that mean.');
    if (scores.some((s) => s.se === undefined && s.interval))
      said.push(
          'Ranges and the shaded bands are 95 % intervals: how far chance in the choice of test images reaches.');
    document.getElementById('summary').textContent = said.join(' ').trim();
    figures.notes.forEach((note) => Add(document.getElementById('notes'), 'p', note, {'class': 'note'}));
  }

  function FillAccuracy(groups) {
    const rated = conditions.map((condition, index) => ({condition, index}))
                      .filter(({condition}) => condition.clean || condition.tests.length);
    if (!rated.length) return;
    // The clean accuracy begins every table: how far a condition falls is read in one row.
    const clean = conditions.some((condition) => condition.clean) ?
        [{text: 'clean', score: (index) => conditions[index].clean}] :
        [];
    const tables = groups.map(({title, levels, scores, Tick, symbol}) => {
      const Column = (x) => ({
        text: `${Tick(x)}${symbol}`,
        score: (index) => (scores.get(index) || new Map()).get(x),
      });
      const changed = levels.filter((x) => x > 0 || !clean.length);  // at 0 nothing is
      return {title, columns: changed.map(Column)};
    });
    const section = Reveal('accuracy'), box = Add(section, 'div', null, {'class': 'tables'});
    (tables.length ? tables : [{title: 'clean', columns: []}]).forEach(({title, columns}) => {
      const all = clean.concat(columns);
      all.forEach((column) => {
        const values = rated.map(({index}) => column.score(index)).filter(Boolean);
        column.best = values.length > 1 ? d3.max(values, (score) => score.accuracy) : null;
      });
      const rows = rated.map(({condition, index}) => [condition.name].concat(all.map((column) => {
        const score = column.score(index);
        if (!score) return {text: '–'};
        const best = score.accuracy === column.best;
        return {text: Percent(score.accuracy), spread: SpreadText(score), best};
      })));
      const head = [{text: 'condition', rowspan: 2}].concat(clean.map(({text}) => ({text, rowspan: 2})));
      const heads = columns.length ?
          [
            head.concat({text: title, colspan: columns.length}),
            columns.map(({text}) => ({text, corner: false}))
          ] :
          [head.map(({text}) => ({text}))];
      AddTable(box, `Accuracy, per cent: ${title}`, heads, rows);
    });
    const csv = [
      ['condition', 'test', 'norm', 'level', 'accuracy', 'standard_error', 'interval_low', 'interval_high']
    ];
    rated.forEach(({condition}) => {
      const unchanged = condition.clean ? [Object.assign({name: 'clean'}, condition.clean)] : [];
      unchanged.concat(condition.tests).forEach((test) => csv.push([
        condition.name,
        test.name,
        test.norm,
        test.epsilon !== undefined ? test.epsilon : test.level,
        test.accuracy,
        test.se,
        ...(test.interval || [null, null]),
      ]));
    });
    AddSave(section, 'accuracy', 'all accuracies', csv);
  }

  function FillCurves(groups) {
    groups.forEach((group) => {
      const series = [];
      group.scores.forEach((scores, index) => {
        const all = new Map(scores), clean = conditions[index].clean;
        if (clean && !all.has(0)) all.set(0, clean);
        series.push({
          index,
          name: conditions[index].name,
          points: [...all]
                      .sort((a, b) => a[0] - b[0])
                      .map(([x, score]) => Object.assign({x, y: score.accuracy, score}, Spread(score)))
        });
      });
      series.sort((a, b) => a.index - b.index);
      const settings = group.settings.size === 1 ? [...group.settings][0] : '';
      const words = [group.words, settings].filter(Boolean).join('; ');
      AddChart(Reveal(group.attack ? 'attacks' : 'noise').querySelector('.charts'), {
        title: group.title,
        caption: words && words[0].toUpperCase() + words.slice(1),
        xlabel: group.xlabel,
        ylabel: 'accuracy (%)',
        yDomain: [0, 1],
        YTick: (share) => Math.round(100 * share),
        series,
        Tick: group.Tick,
        symbol: group.symbol,
        file: group.file,
        ticks: Ticks(group, series),
        columns: [group.attack ? 'epsilon' : 'level', 'accuracy', 'low', 'high'],
        Value: (p) => `${Percent(p.score.accuracy)} % ${SpreadText(p.score)}`.trim(),
      });
    });
  }

  // Round numbers of the unit that is shown: of x * 255 where that is the axis.
  function Ticks(group, series) {
    const scale = group.symbol ? 255 : 1;
    const xs = [].concat(...series.map((s) => s.points.map((p) => p.x * scale)));
    const low = d3.min(xs), high = d3.max(xs);
    if (low === high) return [low / scale];
    // 0.3 is just below six times 0.05 in floating point, and would have no tick
    return d3.scale.linear().domain([low, high * (1 + 1e-9)]).ticks(6).map((tick) => tick / scale);
  }

  function FillStages() {
    const series = [];
    conditions.forEach(({name, stage_weights: weights}, index) => {
      if (weights)
        series.push({index, name, points: weights.map((y, i) => ({x: i + 1, y, low: null, high: null}))});
    });
    if (!series.length) return;
    const most = d3.max(series, (s) => d3.max(s.points, (p) => p.y));
    AddChart(Reveal('stages').querySelector('.charts'), {
      title: 'Weight of each stage',
      xlabel: 'stage of the network',
      ylabel: 'weight',
      yDomain: [0, Math.min(1, Math.max(0.3, most * 1.1))],
      series,
      ticks: [1, 2, 3, 4, 5],
      Tick: (x) => x === 1 ? 'stem' : `group ${x - 1}`,
      Value: (p) => p.y.toFixed(3),
      file: 'stage-weights',
      columns: ['stage', 'weight', 'low', 'high'],
    });
  }

  const kScores = [
    ['neurons', 'neurons', 'how many neurons the recording has'],
    [
      'validation_correlation', 'validation correlation',
      'prediction against response over the trials that decided when to stop fitting'
    ],
    [
      'single_trial_correlation', 'single-trial correlation',
      'the same over test trials, never seen in fitting. Neurons answer the same image differently each time, so that ' +
          'even a perfect model stays well below 1'
    ],
    [
      'correlation_to_average', 'correlation to average',
      'the same after averaging the repeats of each image, which takes most of that noise away'
    ],
    [
      'feve', 'FEVE',
      'share of the explainable variance, what is left once the noise between repeats is taken off, that the model explains; 1 is perfect'
    ],
    [
      'fraction_oracle', 'fraction of oracle',
      'how near the model comes to predicting a trial from the other repeats of its image; 1 is as good'
    ],
    [
      'truth_correlation', 'truth correlation',
      'simulated mice only: denoised prediction against the response without noise'
    ],
    [
      'truth_correlation_reliable', 'truth correlation, reliable',
      'the same over neurons with an oracle correlation above 0.2'
    ],
    [
      'similarity_truth_model', 'similarity to truth, model',
      'simulated mice only: image similarities from the model\'s denoised responses against those from responses without noise'
    ],
    [
      'similarity_truth_single_trial', 'similarity to truth, single trials',
      'the same from single recorded trials; where the model is higher, denoising paid'
    ],
  ];
  const kReliability = [
    ['neurons', 'neurons'],
    ['images', 'images'],
    ['repeats', 'repeats', 'how often each of the repeated images was shown, on average'],
    [
      'split_half_reliability', 'split-half reliability',
      'correlation of the mean answers to one random half of the repeats with those to the other'
    ],
    [
      'split_half_spearman_brown', 'with Spearman-Brown',
      'the same, carried over to means of all repeats instead of half of them'
    ],
    [
      'oracle_correlation', 'oracle correlation',
      'single answers against the mean of the other answers to the same image: about what a perfect model would reach'
    ],
    [
      'oracle_correlation_conservative', 'conservative',
      'the same from variances; the truth lies between the two'
    ],
    ['fev', 'FEV', 'share of the variance of answers that the images explain'],
    [
      'signal_to_noise_weight', 'weight',
      'sigma / eta: how strongly images move a neuron, in units of its noise'
    ],
    [
      'similarity_reliability', 'similarity reliability',
      'how well the similarities of images agree between the two halves of the repeats'
    ],
  ];
  const kCounts = new Set(['neurons', 'images', 'pairs']);
  const kTargets = [['kind', 'kind'], ['images', 'images'], ['pairs', 'pairs of images']];
  function FillTable(id, entries, keys, caption) {
    if (!entries.length) return;
    const used = keys.filter(([key]) => entries.some((entry) => entry[key] !== undefined));
    const section = Reveal(id);
    const heads = [{text: 'name'}].concat(used.map(([key, label]) => ({text: label, left: key === 'kind'})));
    AddTable(section, caption, heads, entries.map((entry) => [entry.name].concat(used.map(([key]) => {
      const value = entry[key];
      const text = typeof value !== 'number'          ? value || '–' :
          kCounts.has(key) || Number.isInteger(value) ? String(value) :
                                                        value.toFixed(3);
      return {text, left: key === 'kind'};
    }))));
    const used_keys = used.map(([key]) => key);
    AddSave(section, id, caption, [
      ['name', ...used_keys]
    ].concat(entries.map((entry) => [entry.name, ...used_keys.map((key) => entry[key])])));
    if (!used.some((score) => score[2])) return;
    const list = Add(section, 'dl');
    used.filter(([, , words]) => words).forEach(([, label, words]) => {
      Add(list, 'dt', label);
      Add(list, 'dd', words);
    });
  }

  function FillSetups() {
    figures.setups.forEach((setup) => {
      const details = Add(Reveal('setups'), 'details');
      Add(details, 'summary', `Configuration of ${setup.name}`);
      if (setup.seeds) Add(details, 'p', `Seeds: ${setup.seeds.join(', ')}`);
      if (setup.command) {
        Add(details, 'p',
            setup.command.startsWith('murine run') ?
                'Save the text below as experiment.toml, then:' :
                'Put in the model and, after the name of the image set, where it is:');
        Add(details, 'pre', setup.command, {tabindex: 0, 'aria-label': 'Command'});
      }
      Add(details, 'pre', setup.configuration.trim(), {tabindex: 0, 'aria-label': 'Configuration'});
    });
  }

  function FillLegend() {
    if (!redraws.length) return;
    const legend = Reveal('curves').querySelector('#legend');
    const analysed = new Set([].concat(...figures.analyses.map((a) => a.conditions.map(({name}) => name))));
    names.forEach((name, index) => {
      const condition = conditions[index] || {tests: []};
      const drawn = condition.tests.length || condition.stage_weights || condition.perturbations;
      if (!drawn && !analysed.has(name)) return;
      const button = Add(legend, 'button', null, {type: 'button', 'aria-pressed': 'true'});
      Chart.Sample(d3.select(button), index);
      Add(button, 'span', name);
      if (condition.description) button.title = condition.description;
      button.addEventListener('click', () => {
        if (!off.delete(index)) off.add(index);
        button.setAttribute('aria-pressed', String(shown(index)));
        redraws.forEach((redraw) => redraw());
      });
    });
  }

  const groups = Tests.Groups(conditions);
  FillSummary();
  FillAccuracy(groups);
  Suite.FillDifferences(figures.differences);
  Suite.FillCorruptions(conditions);
  FillCurves(groups);
  Suite.FillPerturbations(conditions, AddChart, Ticks);
  FillStages();
  figures.analyses.forEach((analysis) => Analysis.Fill(analysis, names, AddChart));
  FillLegend();
  figures.analyses.forEach((analysis) => Examples.Fill(analysis, names));
  FillTable('recordings', figures.recordings, kReliability, 'Reliability of the recordings');
  if (figures.recordings.length) Recordings.Fill(document.getElementById('recordings'), figures.recordings);
  FillTable('encoding', figures.encoding_models, kScores, 'Scores of the encoding models');
  FillTable('targets', figures.targets, kTargets, 'Similarity targets');
  Targets.Fill(document.getElementById('targets'), figures.targets);
  FillSetups();
})();
