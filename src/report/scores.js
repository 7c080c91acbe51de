// SPDX-License-Identifier: Apache-2.0
// Tables of recordings, encoding models and targets, with what each score means.
'use strict';

const Scores = (() => {
  const {Add, Reveal, AddTable, AddSave} = Parts;

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
  function Text(key, value) {
    if (typeof value !== 'number') return value || '–';
    return kCounts.has(key) || Number.isInteger(value) ? String(value) : value.toFixed(3);
  }

  // keys [[key, label, meaning]]: a row an entry; where scores have meanings, a row a score, with its
  // meaning.
  function FillTable(id, entries, keys, caption) {
    if (!entries.length) return;
    const used = keys.filter(([key]) => entries.some((entry) => entry[key] !== undefined));
    const section = Reveal(id), explained = used.some(([, , meaning]) => meaning);
    if (explained) {
      const heads = [{text: 'score'}].concat(entries.map(({name}) => ({text: name})));
      const rows =
          used.map(([key, label]) => [label].concat(entries.map((entry) => ({text: Text(key, entry[key])}))));
      const table = AddTable(section, caption, heads, rows);
      table.classList.add('scores');
      table.querySelectorAll('tbody th').forEach((th, i) => used[i][2] && Add(th, 'small', used[i][2]));
    } else {
      const heads =
          [{text: 'name'}].concat(used.map(([key, label]) => ({text: label, left: key === 'kind'})));
      AddTable(
          section, caption, heads,
          entries.map(
              (entry) => [entry.name].concat(
                  used.map(([key]) => ({text: Text(key, entry[key]), left: key === 'kind'})))));
    }
    const used_keys = used.map(([key]) => key);
    AddSave(section, id, caption, [
      ['name', ...used_keys]
    ].concat(entries.map((entry) => [entry.name, ...used_keys.map((key) => entry[key])])));
  }

  return {FillTable, kScores, kReliability, kTargets};
})();
