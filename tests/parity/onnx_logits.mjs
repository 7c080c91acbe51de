// SPDX-License-Identifier: Apache-2.0
// onnx_logits.mjs MODEL.onnx IMAGES.f32 LOGITS.f32 CHANNELS HEIGHT WIDTH: asks onnxruntime, in batches of two sizes.
import fs from 'node:fs';
import ort from 'onnxruntime-node';

const [model, from, to, ...shape] = process.argv.slice(2);
const size = shape.map(Number), pixels = size.reduce((a, b) => a * b);
const bytes = fs.readFileSync(from);
const images = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, logSeverityLevel: 3});
if (session.inputNames.join() !== 'images' || session.outputNames.join() !== 'logits') throw new Error('names');
const logits = [];
for (let first = 0, batch = 1; first * pixels < images.length; first += batch, batch = 333) {
  const data = images.slice(first * pixels, (first + batch) * pixels);
  const answer = await session.run({images: new ort.Tensor('float32', data, [data.length / pixels, ...size])});
  logits.push(Buffer.from(answer.logits.data.buffer, answer.logits.data.byteOffset, answer.logits.data.byteLength));
}
fs.writeFileSync(to, Buffer.concat(logits));
