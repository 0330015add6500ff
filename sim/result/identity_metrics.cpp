// How a result was made, and who made it: rows of metrics.
#include "sim/result/metrics.h"
#include "sim/result/version.h"

namespace bpusim {

namespace {

using IdentityMetric = Metric<Identity>;

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

// The path or the hash of a file that may not be there.
IdentityMetric of_file(const char* name, const char* meaning, std::optional<NamedFile> Identity::*file,
                       std::string NamedFile::*what) {
  return {name, "", meaning, [file, what](const Identity& identity) {
            return identity.*file ? std::optional<std::string>((*(identity.*file)).*what) : std::nullopt;
          }};
}

template <class Figure>
IdentityMetric option(const char* name, const char* meaning, Figure IdentityOptions::*figure) {
  return {std::string("options.") + name, "", meaning,
          [figure](const Identity& identity) { return identity.options.*figure; }};
}

std::vector<IdentityMetric> what_was_read() {
  return {
      IdentityMetric("version", "", "of bpusim: the release, and the commit where it was built from git",
                     &Identity::version),
      of_file("run_file.path", "as it was typed; `run_file` is null where a model was given",
              &Identity::run_file, &NamedFile::path),
      of_file("run_file.sha256", "of its bytes", &Identity::run_file, &NamedFile::sha256),
      of_file("model.path", "as it was typed, or behind the run file's folder; `model` is null without",
              &Identity::model, &NamedFile::path),
      of_file("model.sha256", "of its bytes; external data are among `files`", &Identity::model,
              &NamedFile::sha256),
      IdentityMetric("machine.named", "", "the preset or file that was asked for", &Identity::machine),
      IdentityMetric("machine.sha256", "", "of its file's bytes; null where a program brought it",
                     &Identity::machine_sha256),
      IdentityMetric("policy.named", "", "the policy or file that was asked for, or is the machine's own",
                     &Identity::policy),
      IdentityMetric("policy.sha256", "", "of its file's bytes; null where a program brought it",
                     &Identity::policy_sha256),
      IdentityMetric("seed", "", "of all drawn numbers", &Identity::seed),
  };
}

std::vector<IdentityMetric> how_it_ran() {
  return {
      option("function", "with values; else timing only", &IdentityOptions::function),
      option("what_if", "what the advice would change was timed as well", &IdentityOptions::what_if),
      option("quantisation", "of nodes without a choice of their own", &IdentityOptions::quantisation)
          .one_of({"symmetric", "affine"}),
      option("calibration", "method of nodes without a choice of their own", &IdentityOptions::calibration),
      option("percentile", "fraction of magnitudes that `percentile` keeps whole",
             &IdentityOptions::percentile),
      option("mapping", "of nodes without a choice of their own", &IdentityOptions::mapping),
      option("fuse", "BatchNormalizations run within the convolution before them", &IdentityOptions::fuse),
      option("overlap", "neighbours on the BPU load while the one before them computes",
             &IdentityOptions::overlap),
      option("samples", "files and folders to calibrate on", &IdentityOptions::samples),
      option("int16", "nodes and inputs that are to be int16", &IdentityOptions::int16),
      option("int32", "outputs that are to leave as sums", &IdentityOptions::int32),
      option("float32", "outputs that are to leave as float32", &IdentityOptions::float32),
      option("int8", "what `int16: all` or `int32: all` leaves in int8", &IdentityOptions::int8),
      option("int16_below", "cosine below which nodes become int16; null without",
             &IdentityOptions::int16_below),
      option("int16_until", "output cosine for which nodes become int16; null without",
             &IdentityOptions::int16_until),
      option("sensitivity", "what each node loses by itself was measured", &IdentityOptions::sensitivity),
      option("on", "where nodes and operators are to run, as `NODE=cpu`", &IdentityOptions::on),
      option("inputs", "of the network, with their shapes after all that sets extents",
             &IdentityOptions::inputs),
      option("assume", "branches of the model's `If`s that the command line names", &IdentityOptions::assume),
      option("inputs_as_weights", "the command line takes inputs for weights",
             &IdentityOptions::inputs_as_weights),
  };
}

const Making& making_of(const Making& making) {
  return making;
}
const Making& making_of(const RunResult& run) {
  return run.making;
}

template <class Result>
std::vector<Metric<Result>> host_metrics_of() {
  return {
      Metric<Result>("host.command", "", "the command line as it was typed; null where a program asked",
                     [](const Result& r) { return unless_empty(making_of(r).command); }),
      Metric<Result>("host.time", "", "when it was asked, in UTC; null where a program asked",
                     [](const Result& r) { return unless_empty(making_of(r).time); }),
      Metric<Result>("host.build", "", "compiler and type of build of bpusim",
                     [](const Result&) { return build(); }),
  };
}

}  // namespace

const std::vector<Metric<Identity>>& identity_metrics() {
  static const std::vector<IdentityMetric> table = joined<Identity>({what_was_read(), how_it_ran()});
  return table;
}

const std::vector<Metric<MachineParameter>>& parameter_metrics() {
  using Row = Metric<MachineParameter>;
  static const std::vector<Row> table = {
      Row("key", "", "section and key of a machine file", &MachineParameter::key),
      Row("value", "", "after all settings", &MachineParameter::value),
      Row("unit", "", "of the value; empty for plain numbers and words", &MachineParameter::unit),
      Row("by", "",
          "who set it: the machine's preset or file (or its default), the run file, `--set`; `follows` where "
          "other settings changed it, `program` where no file names the machine",
          [](const MachineParameter& p) { return to_string(p.by); })
          .one_of({"preset", "file", "run file", "--set", "follows", "program"}),
  };
  return table;
}

const std::vector<Metric<NamedFile>>& file_metrics() {
  using Row = Metric<NamedFile>;
  static const std::vector<Row> table = {
      Row("path", "", "as it was typed, or behind the folder of the file that names it", &NamedFile::path),
      Row("sha256", "", "of its bytes", &NamedFile::sha256),
  };
  return table;
}

const std::vector<RunMetric>& host_metrics() {
  static const std::vector<RunMetric> table = joined<RunResult>(
      {host_metrics_of<RunResult>(),
       {RunMetric("host.wall_seconds", "s", "that the simulation took", &RunResult::wall_seconds)
            .column("", Shown::fixed(2))}});
  return table;
}

const std::vector<Metric<Making>>& making_metrics() {
  static const std::vector<Metric<Making>> table = host_metrics_of<Making>();
  return table;
}

}  // namespace bpusim
