// SPDX-License-Identifier: Apache-2.0
// Some neurons of an encoding model: what moves them, and what was recorded of them against what was
// predicted.
'use strict';

const Neurons = (() => {
  const {Add, AddTable, AddSave, Cut} = Parts;
  const Digits = (number) => String(Number(number.toPrecision(3)));

  function AddFields(figure, recording, neuron, row, title) {
    const {height, width, png} = recording;
    const sheet =
        {png, height, width, columns: 2, scale: width > 160 ? 160 / width : Math.floor(160 / width)};
    const maps = Add(figure, 'div', null, {'class': 'maps'});
    [[`What raises and lowers it`, 'red: more light, more answer; blue: less', neuron.limit],
     [`How much each pixel matters`, 'yellow: much; dark: little', neuron.size_limit]]
        .forEach(([what, colours, limit], column) => {
          const map = Add(maps, 'div', null, {'class': 'field'});
          Cut(map, sheet, row, column, `Receptive field of ${title}: ${what.toLowerCase()}; ${colours}`);
          Add(map, 'small', `${what}: ${colours}${limit === null ? '' : `; at most ${Digits(limit)}`}`);
        });
    const csv = [['row', 'column', 'gradient', 'gradient_size']];
    neuron.gradient.forEach(
        (value, i) => csv.push(
            [Math.floor(i / width), i % width, value * neuron.limit, neuron.size[i] * neuron.size_limit]));
    return csv;
  }

  function AddResponses(figure, neuron, title, below) {
    const points = neuron.responses.map(({image, repeats, recorded, se, predicted}) => ({
                                          x: predicted,
                                          y: recorded,
                                          low: se === null ? null : recorded - se,
                                          high: se === null ? null : recorded + se,
                                          image,
                                          repeats,
                                        }));
    if (!points.length) return;
    const most = d3.max(points, (p) => Math.max(p.x, p.high === null ? p.y : p.high)) || 1;
    const least = Math.min(0, d3.min(points, (p) => Math.min(p.x, p.low === null ? p.y : p.low)));
    const Value = (p) => `${Digits(p.y)}${p.low === null ? '' : ` ± ${Digits(p.y - p.low)}`}`;
    Chart.Draw(
        d3.select(figure), {
          title: `Recorded against predicted answers of ${title}`,
          xlabel: 'predicted answer',
          ylabel: 'recorded answer',
          xDomain: [least, most],
          yDomain: [least, most],
          scatter: true,
          series: [{index: 0, name: 'recorded', points}],
          Tick: Digits,
          Value: (p) =>
              `${Value(p)} (image ${p.image}, ${p.repeats} ${p.repeats === 1 ? 'trial' : 'trials'})`,
        },
        () => true);
    figure.appendChild(below);
    AddSave(
        below, `answers-${title}`, `answers of ${title}`,
        [['image', 'trials', 'predicted', 'recorded', 'standard_error']].concat(neuron.responses.map(
            ({image, repeats, recorded, se, predicted}) => [image, repeats, predicted, recorded, se])));
    const details = Add(below, 'details');
    Add(details, 'summary', 'Values as a table');
    AddTable(
        details, `Recorded and predicted answers of ${title}`,
        [{text: 'image'}, {text: 'trials'}, {text: 'predicted'}, {text: 'recorded'}],
        points.map(
            (p) => [String(p.image), {text: String(p.repeats)}, {text: Digits(p.x)}, {text: Value(p)}]));
  }

  function AddNeuron(parent, recording, neuron, row) {
    const title = `neuron ${neuron.neuron} of ${recording.name}`;
    const figure = Add(parent, 'figure');
    Add(figure, 'h4', `Neuron ${neuron.neuron}: ${neuron.rank}`);
    const Said = (value) => value === null ? null : value.toFixed(2);
    const single = Said(neuron.single_trial_correlation), average = Said(neuron.correlation_to_average);
    Add(figure, 'figcaption', [
      single && `correlation with single trials ${single}`, average && `with means over repeats ${average}`
    ].filter(Boolean).join(', '));
    const csv = AddFields(figure, recording, neuron, row, title);
    const below = Add(figure, 'div', null, {'class': 'below'});
    AddSave(below, `receptive-field-${title}`, `receptive field of ${title}`, csv, 'Save field as CSV');
    AddResponses(figure, neuron, title, below);
  }

  function Fill(section, models) {
    models.filter(({examples}) => examples).forEach(({name, examples}) => {
      Add(section, 'h3', `Example neurons of ${name}`);
      Add(section, 'p',
          'From badly to well predicted: neurons at the 10th, 50th and 90th percentile of the correlation with single trials, ' +
              'and the best. The pictures are their receptive fields: where in the image light moves the neuron. The left one ' +
              'is the mean over images of how the predicted answer changes with each pixel; a neuron that answers to an edge ' +
              'wherever exactly it lies has little there and shows in the right one, the size of that change. Points are ' +
              'images that the model was not fitted to, bars one standard error of the recorded mean; a perfect model\'s ' +
              'points lie around the line.');
      examples.forEach((recording, k) => {
        // many recordings would bury what follows
        let box = section;
        if (examples.length > 1) {
          box = Add(section, 'details', null, k === 0 ? {open: ''} : {});
          Add(box, 'summary', recording.name);
        }
        const charts = Add(box, 'div', null, {'class': 'charts'});
        recording.neurons.forEach((neuron, row) => AddNeuron(charts, recording, neuron, row));
      });
    });
  }

  return {Fill};
})();
