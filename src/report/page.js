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

  // A figure: heading, curves, and below them the same values as a table and as a file. `fixed`: its lines
  // are no conditions and stay. Cells(point): what the file says of a point, under `columns`.
  function AddChart(parent, chart) {
    const figure = Add(parent, 'figure');
    Add(figure, 'h3', chart.title);
    if (chart.caption) Add(figure, 'figcaption', chart.caption);
    const redraw = Chart.Draw(d3.select(figure), chart, chart.fixed ? () => true : shown);
    if (!chart.fixed) redraws.push(redraw);
    const Cells = chart.Cells || ((p) => [p.x, p.y, p.low, p.high]);
    const below = Add(figure, 'div', null, {'class': 'below'});
    AddSave(below, chart.file, chart.title, [
      [chart.fixed ? 'name' : 'condition'].concat(chart.columns)
    ].concat(...chart.series.map((s) => s.points.map((p) => [s.name].concat(Cells(p))))));
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

  // Links to the sections that there are.
  function FillContents() {
    const contents = document.querySelector('nav');
    document.querySelectorAll('section:not([hidden])').forEach((section) => {
      const item = Add(contents.querySelector('ul'), 'li');
      Add(item, 'a', section.querySelector('h2').textContent, {href: `#${section.id}`});
      contents.hidden = false;
    });
  }

  const groups = Tests.Groups(conditions);
  FillSummary();
  FillAccuracy(groups);
  Statistics.Fill(figures.statistics, AddChart);
  Suite.FillCorruptions(figures);
  FillCurves(groups);
  Suite.FillPerturbations(conditions, AddChart, Ticks);
  FillStages();
  figures.analyses.forEach((analysis) => Analysis.Fill(analysis, names, AddChart));
  FillLegend();
  figures.analyses.forEach((analysis) => Examples.Fill(analysis, names));
  Scores.FillTable('recordings', figures.recordings, Scores.kReliability, 'Reliability of the recordings');
  if (figures.recordings.length) Recordings.Fill(document.getElementById('recordings'), figures.recordings);
  Scores.FillTable('encoding', figures.encoding_models, Scores.kScores, 'Scores of the encoding models');
  Neurons.Fill(document.getElementById('encoding'), figures.encoding_models);
  Scores.FillTable('targets', figures.targets, Scores.kTargets, 'Similarity targets');
  Targets.Fill(document.getElementById('targets'), figures.targets);
  FillSetups();
  FillContents();
})();
