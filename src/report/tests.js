// SPDX-License-Identifier: Apache-2.0
// What tests are called, and which of them share a chart and a group of columns.
'use strict';

const Tests = (() => {
  // Noises: title and what a level is. Attacks: title and what it does, in plain words.
  const kNoises = {
    'gaussian': ['Gaussian noise', 'Gaussian noise, sigma (images in [0, 1])'],
    'uniform': ['Uniform noise', 'Uniform noise, half-width (images in [0, 1])'],
    'salt-and-pepper': ['Salt-and-pepper noise', 'Share of values set to black or white'],
    'speckle': ['Speckle noise', 'Speckle noise, sigma relative to each value'],
    'poisson': ['Poisson noise', 'Poisson noise, sigma where the image is 1'],
    'cifar10-c-like': ['Corruptions made as for CIFAR-10-C, mean', 'Severity, mean over corruptions'],
    'cifar10-c': ['CIFAR-10-C, mean', 'Severity, mean over corruptions'],
  };
  const kAttacks = {
    'fgsm': ['FGSM', 'one step along the gradient of the loss'],
    'pgd': ['PGD', 'many small steps along the gradient of the loss'],
    'apgd-ce': ['APGD-CE', 'PGD that tunes its own steps, on the cross-entropy'],
    'apgd-dlr': ['APGD-DLR', 'PGD that tunes its own steps, on the difference of logits'],
    'apgd': ['APGD', 'the worse of APGD-CE and APGD-DLR'],
    'square': ['Square', 'random squares, without any gradient'],
    'fab': ['FAB', 'the nearest point across the boundary between classes'],
    'autoattack': ['AutoAttack', 'the worst of four attacks'],
    'boundary': ['Boundary attack', 'a random walk along the boundary between classes, without any gradient'],
    'brendel-bethge': ['Brendel-Bethge attack', 'along the boundary between classes by its gradient'],
    'fmn': ['FMN', 'gradient steps in a ball that shrinks after each success'],
    'deepfool': ['DeepFool', 'steps onto the nearest boundary as if it were flat'],
    'cw': ['Carlini-Wagner', 'distance and margin weighed against each other'],
  };
  const kNorms = {linf: 'L-infinity', l2: 'L2'};
  const Known = (table, name) => Object.prototype.hasOwnProperty.call(table, name) ? table[name] : null;

  const Title = (name) => (Known(kNoises, name) || Known(kAttacks, name) || [name])[0];
  const Norm = (name) => Known(kNorms, name);

  const Percent = (share) => (100 * share).toFixed(1);
  const Short = (number) => String(Number(number.toPrecision(4)));
  const Clamp = (share) => Math.max(0, Math.min(1, share));

  function Spread(score) {
    if (score.se !== undefined)
      return {low: Clamp(score.accuracy - score.se), high: Clamp(score.accuracy + score.se)};
    if (score.interval) return {low: score.interval[0], high: score.interval[1]};
    return {low: null, high: null};
  }
  function SpreadText(score) {
    if (score.se !== undefined) return `± ${Percent(score.se)}`;
    if (score.interval) return `${Percent(score.interval[0])}–${Percent(score.interval[1])}`;
    return '';
  }

  // Tests of one name and norm, over all conditions: what one chart and one group of columns show.
  function Groups(conditions) {
    const groups = new Map();
    conditions.forEach((condition, index) => condition.tests.forEach((test) => {
      const attack = test.epsilon !== undefined;
      const key = JSON.stringify([attack, test.name, attack ? test.norm : null]);
      if (!groups.has(key)) groups.set(key, Group(test, attack));
      const group = groups.get(key), x = attack ? test.epsilon : test.level;
      if (!group.scores.has(index)) group.scores.set(index, new Map());
      group.scores.get(index).set(x, test);
      if (attack && test.steps !== undefined)
        group.settings.add(
            `${test.steps} steps, ${test.restarts === 1 ? '1 start' : `${test.restarts} starts`}`);
    }));
    groups.forEach((group) => {
      const levels = [].concat(...[...group.scores.values()].map((scores) => [...scores.keys()]));
      group.levels = [...new Set(levels)].sort(d3.ascending);
    });
    return [...groups.values()];
  }

  function Group(test, attack) {
    const group = {attack, scores: new Map(), settings: new Set(), file: test.name};
    if (!attack) {
      const [title, xlabel] = Known(kNoises, test.name) || [test.name, `${test.name}, level`];
      return Object.assign(group, {title, xlabel, symbol: '', Tick: Short});
    }
    const [title, words] = Known(kAttacks, test.name) || [test.name, ''];
    const norm = test.norm === undefined ? '' : Known(kNorms, test.norm) || test.norm;
    const linf = test.norm === 'linf';
    return Object.assign(group, {
      title: norm ? `${title}, ${norm}` : title,
      words,
      file: `${test.name}-${test.norm || ''}`,
      xlabel: linf ? 'L-infinity epsilon (x/255)' : `${norm} epsilon (images in [0, 1])`.trim(),
      symbol: linf ? '/255' : '',
      Tick: (x) => Short(linf ? x * 255 : x),
    });
  }

  // Least perturbations of one attack and norm, over all conditions.
  function PerturbationGroups(conditions) {
    const groups = new Map();
    conditions.forEach((condition, index) => (condition.perturbations || []).forEach((found) => {
      const key = JSON.stringify([found.name, found.norm]);
      if (!groups.has(key)) groups.set(key, Object.assign(Group(found, true), {found: new Map()}));
      groups.get(key).found.set(index, found);
    }));
    return [...groups.values()];
  }

  return {Groups, PerturbationGroups, Title, Norm, Percent, Short, Spread, SpreadText};
})();
