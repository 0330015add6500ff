#include "sim/report/identity_report.h"

#include <array>
#include <functional>

#include "sim/result/version.h"

namespace bpusim {

Part identity_part(const Identity& identity) {
  const std::array<std::reference_wrapper<const Identity>, 1> told = {identity};
  return {"identity",
          Part::Form::Object,
          "all that the result depends on",
          table_of(identity_metrics(), told),
          {{"parameters", Part::Form::List, "the machine, in the order of its files",
            table_of(parameter_metrics(), identity.parameters)},
           {"files", Part::Form::List,
            "what else was read: external data, inputs, samples, files that others are based on",
            table_of(file_metrics(), identity.files)}}};
}

Part host_part(const Making& making) {
  return {"", Part::Form::Inline, kHostMeaning,
          table_of(making_metrics(), std::array<std::reference_wrapper<const Making>, 1>{making})};
}

Part version_part() {
  static const std::string of_this = version();
  static const std::vector<Metric<std::string>> table = {
      Metric<std::string>("version", "", "of bpusim: the release, and the commit where it was built from git",
                          [](const std::string& text) { return text; })};
  return {"", Part::Form::Inline, "",
          table_of(table, std::array<std::reference_wrapper<const std::string>, 1>{of_this})};
}

}  // namespace bpusim
