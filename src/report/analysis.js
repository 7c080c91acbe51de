// SPDX-License-Identifier: Apache-2.0
// What `murine analyze` measured: curves over frequency, rank and stage, tables of figures, Fourier maps.
'use strict';

const Analysis = (() => {
  const {Add, AddTable, AddSave, Reveal} = Parts;
  const kStages = ['stem', 'layer1', 'layer2', 'layer3', 'layer4'];
  const Stage = (x) => x === 0 ? 'stem' : `group ${x}`;
  const Digits = (number) => String(Number(number.toPrecision(3)));
  // an interval over few seeds may reach beyond what a share can be
  const Share = (number) => `${(100 * Math.max(0, Math.min(1, number))).toFixed(1)}`;

  // One line a condition; none where no condition has the curve.
  function SeriesOf(analysis, names, curve, Convert) {
    return analysis.conditions
        .map((c) => ({index: names.indexOf(c.name), name: c.name, points: Convert(c.curves[curve] || [])}))
        .filter(({points}) => points.length > 1);
  }
  const Same = (points) => points;
  // A logarithm takes nothing that is not above 0.
  const Logarithms = (points) =>
      points.filter((p) => p.x > 0 && p.y > 0).map((p) => ({
                                                     x: Math.log10(p.x),
                                                     y: Math.log10(p.y),
                                                     low: p.low > 0 ? Math.log10(p.low) : null,
                                                     high: p.low > 0 ? Math.log10(p.high) : null,
                                                     value: p.y,
                                                   }));
  // 10 with a raised whole number; other places have no label.
  const Exponent = (y) => Number.isInteger(y) ?
      `10${[...String(y)].map((digit) => digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]).join('')}` :
      '';
  const Power = (x) => Digits(Math.pow(10, x));

  // `chart` lacks what follows from the curve.
  function AddCurve(box, analysis, names, curve, AddChart, chart, Convert = Same) {
    const series = SeriesOf(analysis, names, curve, Convert);
    if (!series.length) return;
    const points = [].concat(...series.map((s) => s.points));
    // bands over few seeds are wide: they get no more room than the curves themselves
    const top = d3.max(points, (p) => p.y), bottom = d3.min(points, (p) => p.y);
    const room = top - bottom || Math.abs(top) || 1;
    const high = Math.min(top + room, d3.max(points, (p) => p.high === null ? p.y : Math.max(p.y, p.high)));
    const low = Math.max(bottom - room, d3.min(points, (p) => p.low === null ? p.y : Math.min(p.y, p.low)));
    const least = bottom >= 0 ? 0 : low - 0.05 * (high - low);
    AddChart(
        box,
        Object.assign(
            {
              series,
              yDomain: [Math.min(0, least), 1.05 * high || 1],
              Tick: Digits,
              Value: (p) => Digits(p.value === undefined ? p.y : p.value),
              file: `${analysis.name}-${curve}`,
              columns: ['x', 'value', 'low', 'high'],
            },
            chart, chart.Domain ? {yDomain: chart.Domain(low, high)} : {}));
  }

  // columns [[key, label, Text]]: a row a condition.
  function AddValues(parent, analysis, title, columns) {
    const used = columns.filter(
        ([key]) => analysis.conditions.some((c) => c.values[key] && c.values[key].mean !== null));
    if (!used.length) return;
    Add(parent, 'h3', title);
    AddTable(
        parent, title, [{text: 'condition'}].concat(used.map(([, label]) => ({text: label}))),
        analysis.conditions.map((c) => [c.name].concat(used.map(([key, , Text]) => {
          const value = c.values[key];
          if (!value || value.mean === null) return {text: '–'};
          return {
            text: Text(value.mean),
            spread: value.low === null ? '' : `${Text(value.low)} to ${Text(value.high)}`,
          };
        }))));
    AddSave(
        parent, `${analysis.name}-${title}`, title,
        [['condition', 'figure', 'mean', 'low', 'high']].concat(...analysis.conditions.map(
            (c) =>
                used.filter(([key]) => c.values[key])
                    .map(([
                           key
                         ]) => [c.name, key, c.values[key].mean, c.values[key].low, c.values[key].high]))));
  }

  function AddPart(section, title, words) {
    Add(section, 'h3', title);
    Add(section, 'p', words);
    return Add(section, 'div', null, {'class': 'charts'});
  }
  const Has = (analysis, kind, test) => analysis.conditions.some((c) => Object.keys(c[kind]).some(test));

  function FillFrequencies(section, analysis, names, AddChart) {
    if (Has(analysis, 'curves', (key) => key === 'perturbation_power')) {
      const box = AddPart(
          section, 'Which frequencies the smallest attacks use',
          'The smallest change that fools the classifier, taken apart by spatial frequency. 1 is what evenly spread noise ' +
              'would have; a curve that is high on the left is fooled by broad changes, one that is high on the right by fine ones.');
      AddCurve(box, analysis, names, 'perturbation_power', AddChart, {
        title: 'Spectrum of the least perturbations',
        xlabel: 'spatial frequency (cycles per pixel)',
        ylabel: 'power, relative to white noise',
      });
    }
    if (Has(analysis, 'curves', (key) => key === 'hybrid_low')) {
      const box = AddPart(
          section, 'Which half of a hybrid image wins',
          'Each image is mixed with one of another class: low frequencies of the one, high frequencies of the other, split ' +
              'at the mixing frequency. Where the two curves of a condition cross, both halves count the same: the further ' +
              'left, the more it goes by low frequencies.');
      [['hybrid_low', 'Named as the image that gave the low frequencies'],
       ['hybrid_high', 'Named as the image that gave the high frequencies']]
          .forEach(([curve, title]) => AddCurve(box, analysis, names, curve, AddChart, {
                     title,
                     xlabel: 'mixing frequency (cycles per image)',
                     ylabel: 'images (%)',
                     yDomain: [0, 1],
                     YTick: (y) => Math.round(100 * y),
                     Value: (p) => `${Share(p.y)} %`,
                   }));
    }
    if (Has(analysis, 'curves', (key) => key === 'fourier_error')) {
      const box = AddPart(
          section, 'Errors along single waves',
          `Every test image plus one wave of a single frequency and direction (length ${
              analysis.fourier_norm} in each ` +
              'channel). In the maps the middle is the lowest frequency and the edges are the finest detail; dark: no ' +
              'image is named wrongly, yellow: all are.');
      AddCurve(box, analysis, names, 'fourier_error', AddChart, {
        title: 'Errors over the frequency of the wave',
        xlabel: 'spatial frequency (cycles per pixel)',
        ylabel: 'images named wrongly (%)',
        yDomain: [0, 1],
        YTick: (y) => Math.round(100 * y),
        Value: (p) => `${Share(p.y)} %`,
      });
      const maps = Add(box, 'div', null, {'class': 'maps'});
      analysis.conditions.filter((c) => c.map).forEach((c) => {
        const figure = Add(maps, 'figure');
        Add(figure, 'img', null,
            {'class': 'map', src: c.map, alt: `Error rates of ${c.name} over wave directions`});
        Add(figure, 'figcaption', c.name);
      });
    }
  }

  function FillStages(section, analysis, names, AddChart) {
    if (Has(analysis, 'curves', (key) => /^eigenspectrum_/.test(key))) {
      const box = AddPart(
          section, 'How many directions a stage uses',
          'The variance of a stage over images, direction by direction, the strongest first. A steep line is a stage that ' +
              'sees few things; in mouse visual cortex variance falls about as 1 / rank (Stringer et al. 2019).');
      kStages.forEach(
          (stage, k) => AddCurve(
              box, analysis, names, `eigenspectrum_${stage}`, AddChart, {
                title: `Eigenspectrum, ${Stage(k)}`,
                xlabel: 'rank',
                ylabel: 'share of the variance',
                Domain: (low, high) => [Math.max(low, high - 5), high],
                YTick: Exponent,
                Tick: Power,
                ticks: [0, 1, 2],
                columns: ['log10_rank', 'log10_share', 'low', 'high'],
              },
              (points) => Thinned(Logarithms(points))));
    }
    analysis.references.forEach(({name, images}) => {
      if (!Has(analysis, 'curves', (key) => key === `rsa:${name}`)) return;
      const box = AddPart(
          section, `How like ${name} the stages are`,
          `Over ${
              images} images. RSA: correlation of the similarities of all pairs of images. CKA: linear centred kernel ` +
              'alignment; the unbiased one is about 0 for features that have nothing in common.');
      [['rsa', 'RSA'], ['cka', 'CKA'], ['cka-unbiased', 'CKA, unbiased']].forEach(
          ([key, label]) => AddCurve(box, analysis, names, `${key}:${name}`, AddChart, {
            title: `${label} with ${name}`,
            xlabel: 'stage of the network',
            ylabel: label,
            ticks: [0, 1, 2, 3, 4],
            Tick: Stage,
          }));
    });
    if (Has(analysis, 'curves', (key) => key === 'stage_weights'))
      AddCurve(
          AddPart(
              section, 'Where similarity was matched',
              'The learned weight of each stage in the similarity of two images; 0.2 each to begin with.'),
          analysis, names, 'stage_weights', AddChart, {
            title: 'Learned weights of the stages',
            xlabel: 'stage of the network',
            ylabel: 'weight',
            ticks: [0, 1, 2, 3, 4],
            Tick: Stage
          });
  }

  // A line of 500 ranks needs no marker at each: at most forty, evenly spread.
  function Thinned(points) {
    let next = -Infinity;
    return points.filter(({x}) => {
      if (x < next) return false;
      next = x + (points[points.length - 1].x - points[0].x) / 40;
      return true;
    });
  }

  function Fill(analysis, names, AddChart) {
    const section = Reveal('analysis');
    const several = analysis.conditions.some((c) => c.models > 1);
    Add(section, 'p',
        `${analysis.name}: ${analysis.n} test images. ` +
            (several ?
                 'Bands and ranges are 95 % intervals over trained models of a condition, or over images where there is one model.' :
                 'Bands and ranges are 95 % intervals over images.'),
        {'class': 'quiet'});
    AddValues(
        section, analysis,
        `Accuracy by the frequencies of corruptions, per cent (severity ${analysis.severity})`, [
          ['accuracy_clean', 'clean', Share],
          ['corruption_low', 'low frequencies (fog, brightness, contrast ...)', Share],
          ['corruption_medium', 'medium', Share], ['corruption_high', 'high frequencies (noise ...)', Share]
        ]);
    AddValues(section, analysis, 'Figures at a glance', [
      ['perturbation_l2', 'least perturbation, L2', Digits],
      ['perturbation_frequency', 'its mean frequency (cycles per pixel)', Digits],
      ['hybrid_crossover', 'hybrid cross-over (cycles per image)', Digits],
      ['gradient_norm', 'gradient of the loss', Digits], ['curvature', 'curvature of the loss', Digits]
    ]);
    FillFrequencies(section, analysis, names, AddChart);
    FillStages(section, analysis, names, AddChart);
    AddValues(
        section, analysis, 'Exponent of the power law of each stage',
        kStages.map((s, k) => [`exponent_${s}`, Stage(k), Digits]));
    AddValues(
        section, analysis, 'Effective number of directions of each stage',
        kStages.map((s, k) => [`dimension_${s}`, Stage(k), Digits]));
  }

  return {Fill};
})();
