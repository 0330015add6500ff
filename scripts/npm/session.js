// Runs an ONNX model on onnxruntime, on one thread, as a plan says (JSON, the first argument).
// plan: {model, optimisation: disabled|all, inputs: {name: {file, type, shape}}, outputs: {name: file}, shapes: bool, warmup, runs}
// Outputs are written as little-endian doubles, the last run's. Prints {wall_ms, cpu_ms: [of each run], and with shapes
// shapes: {output: {type, dims}}}. Of a list of plans it prints a list; {error} stands for one that does not run.
const fs = require('fs');
const ort = require('onnxruntime-node');

const arrays = {float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array, int8: Int8Array,
                uint8: Uint8Array, bool: Uint8Array};

function tensor({file, type, shape}) {
  const bytes = fs.readFileSync(file);
  const values = new arrays[type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return new ort.Tensor(type, values, shape);
}

async function run(plan) {
  const session = await ort.InferenceSession.create(plan.model, {
    graphOptimizationLevel: plan.optimisation, intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential',
    logSeverityLevel: 3});
  const feeds = {};
  for (const [name, input] of Object.entries(plan.inputs)) feeds[name] = tensor(input);
  let results;
  const report = {wall_ms: [], cpu_ms: [], shapes: {}};
  for (let i = 0; i < plan.warmup + plan.runs; i++) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    results = await session.run(feeds);
    const used = process.cpuUsage(cpu);
    if (i < plan.warmup) continue;
    report.wall_ms.push(Number(process.hrtime.bigint() - wall) / 1e6);
    report.cpu_ms.push((used.user + used.system) / 1e3);
  }
  for (const [name, file] of Object.entries(plan.outputs)) {
    fs.writeFileSync(file, Buffer.from(Float64Array.from(results[name].data, Number).buffer));
  }
  if (plan.shapes) {
    for (const [name, value] of Object.entries(results)) report.shapes[name] = {type: value.type, dims: value.dims};
  }
  await session.release();
  return report;
}

async function main(plans) {
  if (!Array.isArray(plans)) {
    console.log(JSON.stringify(await run(plans)));
    return;
  }
  const reports = [];
  for (const plan of plans) reports.push(await run(plan).catch(error => ({error: String(error)})));
  console.log(JSON.stringify(reports));
}

main(JSON.parse(fs.readFileSync(process.argv[2]))).catch(error => {
  console.error(String(error));
  process.exit(1);
});
