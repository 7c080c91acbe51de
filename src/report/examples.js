// SPDX-License-Identifier: Apache-2.0
// Images to look at: under more and more noise with every classifier's answer, and beside the changes that
// fool it.
'use strict';

const Examples = (() => {
  const {Add, Cut, Reveal} = Parts;

  const Scale = (height) => Math.max(1, Math.round(96 / height));

  function FillNoise(section, examples, names, ClassName) {
    const {levels, answers, png} = examples.noise;
    const sheet = {
      png,
      height: examples.height,
      width: examples.width,
      columns: levels.length,
      scale: Scale(examples.height)
    };
    Add(section, 'p',
        'Move the slider to add noise to the images. Below each image: what the first model of each condition says it is, and ' +
            'how sure it is; ✓ is right, ✗ is wrong.');
    const key = Add(section, 'p', null, {'class': 'quiet key'});
    answers.forEach(({condition}) => {
      const entry = Add(key, 'span');
      Chart.Sample(d3.select(entry), names.indexOf(condition));
      Add(entry, 'span', condition);
    });
    const control = Add(section, 'p', null, {'class': 'control'});
    const label = Add(control, 'label', 'Noise ');
    const slider =
        Add(label, 'input', null,
            {type: 'range', min: 0, max: levels.length - 1, value: 0, step: 1, id: 'noise-level'});
    const shown = Add(control, 'output', null, {'for': 'noise-level'});
    const grid = Add(section, 'div', null, {'class': 'gallery'});
    const cells = examples.labels.map((truth, row) => {
      const cell = Add(grid, 'figure', null, {'class': 'example'});
      const cut = Cut(cell, sheet, row, 0, `a test image of the class ${ClassName(truth)}`);
      Add(cell, 'figcaption', ClassName(truth));
      const lines = answers.map(({condition}) => {
        const line = Add(cell, 'div', null, {'class': 'answer'});
        Chart.Sample(d3.select(line), names.indexOf(condition));
        return Add(line, 'span');
      });
      return {cut, lines, row, truth};
    });
    const Show = () => {
      const level = Number(slider.value), text = `sigma ${levels[level]}`;
      shown.textContent = text;
      slider.setAttribute('aria-valuetext', text);
      cells.forEach(({cut, lines, row, truth}) => {
        cut.Move(level);
        answers.forEach(({condition, classes, confidence}, k) => {
          const answer = classes[row][level], right = answer === truth;
          lines[k].textContent =
              `${right ? '✓' : '✗'} ${ClassName(answer)}, ${Math.round(100 * confidence[row][level])} %`;
          lines[k].className = right ? 'right' : 'wrong';
          lines[k].title = condition;
        });
      });
    };
    slider.addEventListener('input', Show);
    Show();
  }

  function FillAdversarial(section, examples, names, ClassName) {
    const {entries, png} = examples.adversarial;
    if (!entries.length) return;
    const sheet =
        {png, height: examples.height, width: examples.width, columns: 3, scale: Scale(examples.height)};
    Add(section, 'h3', 'Smallest changes that fool');
    Add(section, 'p',
        'Left the image, in the middle the changed image that the classifier names wrongly, right the difference, magnified ' +
            'around grey. The more the difference looks like something, the more the classifier sees what we see.');
    const grids = new Map();
    entries.forEach(({condition, label, answer, l2, magnified}, row) => {
      if (!grids.has(condition)) {
        const line = Add(section, 'h4', null, {'class': 'answer'});
        Chart.Sample(d3.select(line), names.indexOf(condition));
        Add(line, 'span', condition);
        grids.set(condition, Add(section, 'div', null, {'class': 'gallery wide'}));
      }
      const cell = Add(grids.get(condition), 'figure', null, {'class': 'example'});
      const images = Add(cell, 'div', null, {'class': 'triple'});
      ['the image', 'the changed image', 'their difference'].forEach(
          (what, column) => Cut(images, sheet, row, column, `${what}, ${ClassName(label)}, ${condition}`));
      const said = answer === null ? 'nothing that fools it was found' :
          l2 === 0                 ? `${ClassName(label)}: taken for ${ClassName(answer)} as it is` :
                                     `${ClassName(label)} becomes ${ClassName(answer)}; L2 ${
                         l2.toPrecision(2)}, difference times ${magnified}`;
      Add(cell, 'figcaption', said);
    });
  }

  function Fill({examples}, names) {
    if (!examples) return;
    const section = Reveal('examples');
    const ClassName = (label) => examples.classes[label] || `class ${label}`;
    FillNoise(section, examples, names, ClassName);
    FillAdversarial(section, examples, names, ClassName);
  }

  return {Fill};
})();
