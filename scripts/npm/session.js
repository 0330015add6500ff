// Runs an ONNX model on onnxruntime as a plan says (JSON, the first argument), and prints the milliseconds of each run.
// plan: {model, optimisation: disabled|all, inputs: {name: {file, type, shape}}, outputs: {name: file}, warmup, runs}
// Runs on one thread. Outputs are written as little-endian doubles, the last run's.
const fs = require('fs');
const ort = require('onnxruntime-node');

const arrays = {float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array};

function tensor({file, type, shape}) {
  const bytes = fs.readFileSync(file);
  const values = new arrays[type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return new ort.Tensor(type, values, shape);
}

async function main(plan) {
  const session = await ort.InferenceSession.create(plan.model, {
    graphOptimizationLevel: plan.optimisation, intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential',
    logSeverityLevel: 3});
  const feeds = {};
  for (const [name, input] of Object.entries(plan.inputs)) feeds[name] = tensor(input);
  let results;
  const times = [];
  for (let i = 0; i < plan.warmup + plan.runs; i++) {
    const start = process.hrtime.bigint();
    results = await session.run(feeds);
    if (i >= plan.warmup) times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  for (const [name, file] of Object.entries(plan.outputs)) {
    fs.writeFileSync(file, Buffer.from(Float64Array.from(results[name].data, Number).buffer));
  }
  console.log(JSON.stringify(times));
}

main(JSON.parse(fs.readFileSync(process.argv[2]))).catch(error => {
  console.error(String(error));
  process.exit(1);
});
