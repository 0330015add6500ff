#include "sim/cli/completion.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <utility>

#include "models/machine_params.h"
#include "models/parameter_table.h"
#include "sim/cli/commands.h"
#include "sim/config/config_paths.h"
#include "sim/config/policy.h"
#include "sim/input_error.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

using Candidates = std::vector<Candidate>;

Candidates plain(const std::vector<std::string>& words) {
  Candidates candidates;
  for (const std::string& word : words) candidates.push_back({word, ""});
  return candidates;
}

// The words behind each of the keys, "key=word"; the keys with '=' alone until one is written.
Candidates keyed(const Candidates& keys, const std::string& written, const std::vector<std::string>& words) {
  const auto equals = written.rfind('=');
  if (equals == std::string::npos) {
    Candidates open = keys;
    for (Candidate& key : open) key.word += "=";
    return open;
  }
  Candidates candidates;
  for (const std::string& word : words) candidates.push_back({written.substr(0, equals + 1) + word, ""});
  return candidates;
}

// What a parameter may hold where that is a word; empty for numbers.
template <class T>
std::vector<std::string> words_of(const Parameter<T>& row) {
  if (const auto* field = std::get_if<WordField<T>>(&row.field)) return field->choices;
  if (std::holds_alternative<bool T::*>(row.field)) return {"true", "false"};
  return {};
}

Candidates settings(const std::string& written) {
  Candidates keys;
  std::vector<std::string> words;
  const MachineParams machine;
  for_each_section(machine, [&](const char* section, const auto&, const auto& table, const char*) {
    for (const auto& row : table) {
      const std::string key = std::string(section) + "." + row.name;
      keys.push_back({key, row.doc});
      if (written.rfind(key + "=", 0) == 0) words = words_of(row);
    }
  });
  return keyed(keys, written, words);
}

Candidates places(const std::string& written) {
  Candidates operators;
  for (const OperatorDefinition& row : operator_registry()) operators.push_back({row.op, ""});
  return keyed(operators, written, {"bpu", "cpu"});
}

Candidates operators_of_policies(const std::string&) {
  std::set<std::string> operators;
  for (const std::string& name : list_configs("support")) {
    const Policy policy = Policy::read(name);
    for (const PolicyRow& row : policy.rows()) operators.insert(row.op);
  }
  return plain({operators.begin(), operators.end()});
}

Candidates shipped_runs(const std::string&) {
  return plain(list_configs("runs"));
}

// Values of options and positionals by their name. What is not here has the words of its closed set, or
// files.
struct Values {
  const char* name;
  Candidates (*words)(const std::string& written);
  Files files;
};

const std::vector<Values>& values() {
  const auto nothing = [](const std::string&) { return Candidates(); };
  const auto all = [](const std::string&) { return plain({"all"}); };
  static const std::vector<Values> rows = {
      {"machine", [](const std::string&) { return plain(list_configs("machines")); }, Files::Yaml},
      {"policy", [](const std::string&) { return plain(list_configs("support")); }, Files::Yaml},
      {"set", settings, Files::None},
      {"on", places, Files::None},
      {"assume",
       [](const std::string& written) {
         return keyed({}, written, {"true", "false"});
       },
       Files::None},
      {"calibration",
       [](const std::string&) {
         return plain({"max", "percentile", "kl", "mse", "readers", "auto"});
       },
       Files::None},
      {"int16", all, Files::None},
      {"int32", all, Files::None},
      {"float32", all, Files::None},
      {"int16-below", nothing, Files::None},
      {"int16-until", nothing, Files::None},
      {"dim", nothing, Files::None},
      {"memory-limit", nothing, Files::None},
      {"shape", nothing, Files::None},
      {"command", [](const std::string&) { return plain(priced_command_names()); }, Files::None},
      {"operator", operators_of_policies, Files::None},
      {"config", shipped_runs, Files::Works},
      {"runs", shipped_runs, Files::Results},
      {"beside", nothing, Files::None},
      {"input", nothing, Files::None},
      {"columns", nothing, Files::None},
      {"folders", nothing, Files::Folders},
      {"out", nothing, Files::Folders},
      {"dump-golden", nothing, Files::Folders},
      {"dump-outputs", nothing, Files::Folders},
  };
  return rows;
}

std::string name_of(const CLI::Option& option) {
  std::string name = option.get_positional() ? option.get_name(true) : option.get_lnames().front();
  const std::string second = "beside-";  // of compare's second run
  return name.rfind(second, 0) == 0 ? name.substr(second.size()) : name;
}

// The words of IsMember, which stand in the option's type: "TEXT:{a,b}".
std::vector<std::string> closed_set(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{'), end = type.rfind('}');
  std::vector<std::string> words;
  if (begin != std::string::npos && end != std::string::npos && begin < end)
    words = CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
  return words;
}

void add_values(const CLI::Option& option, const std::string& written, Completion& completion) {
  if (const auto words = closed_set(option); !words.empty()) {
    completion.candidates = plain(words);
    return;
  }
  const std::string name = name_of(option);
  const auto row =
      std::find_if(values().begin(), values().end(), [&](const Values& each) { return each.name == name; });
  completion.files = row == values().end() ? Files::Any : row->files;
  if (row == values().end()) return;
  try {
    completion.candidates = row->words(written);
  } catch (const InputError&) {
    // Where the configurations are not found or damaged, the command itself says so.
  }
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// A line as far as it is written.
class Line {
 public:
  Line(const CLI::App& app, const std::vector<std::string>& words) : app_(app), command_(&app) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) take(words[i]);
  }

  Completion last(const std::string& word) const {
    Completion completion;
    const auto equals = word.find('=');
    if (awaiting_ != nullptr) {
      add_values(*awaiting_, word, completion);
    } else if (word.rfind("--", 0) == 0 && equals != std::string::npos && !positional_only_) {
      if (const CLI::Option* option = find(word.substr(0, equals)); option != nullptr)
        add_values(*option, word.substr(equals + 1), completion);
      for (Candidate& candidate : completion.candidates) candidate.word.insert(0, word.substr(0, equals + 1));
    } else if (word.rfind('-', 0) == 0 && !positional_only_) {
      add_options(completion);
    } else if (command_ == &app_) {
      add_commands(completion);
    } else if (const CLI::Option* positional = next_positional(); positional != nullptr) {
      add_values(*positional, word, completion);
    }
    return completion;
  }

 private:
  void take(const std::string& word) {
    if (awaiting_ != nullptr) {
      awaiting_ = nullptr;
    } else if (word == "--") {
      positional_only_ = true;
    } else if (word.size() > 1 && word[0] == '-' && !positional_only_) {
      const auto equals = word.find('=');
      const CLI::Option* option = find(word.substr(0, equals));
      if (option == nullptr) return;
      given_.insert(option);
      if (takes_value(*option) && equals == std::string::npos) awaiting_ = option;
    } else if (command_ == &app_) {
      for (const CLI::App* command : app_.get_subcommands(nullptr))
        if (command->check_name(word)) command_ = command;
    } else {
      ++positionals_;
    }
  }

  const CLI::Option* find(const std::string& name) const {
    const CLI::Option* option = command_->get_option_no_throw(name);
    return option != nullptr ? option : app_.get_option_no_throw(name);
  }

  const CLI::Option* next_positional() const {
    std::size_t index = 0;
    for (const CLI::Option* option :
         command_->get_options([](const CLI::Option* o) { return o->get_positional(); }))
      if (index++ == positionals_ || option->get_items_expected_max() > 1) return option;
    return nullptr;
  }

  void add_options(Completion& completion) const {
    const auto add = [&](const CLI::App& of) {
      for (const CLI::Option* option : of.get_options()) {
        if (option->get_lnames().empty() || option->get_group().empty()) continue;
        const bool again = option->get_expected_max() > 1 || given_.count(option) == 0;
        if (again)
          completion.candidates.push_back(
              {"--" + option->get_lnames().front(), one_line(option->get_description())});
      }
    };
    add(*command_);
    if (command_ != &app_) add(app_);
    // --help and --version of both are one.
    auto& candidates = completion.candidates;
    std::set<std::string> seen;
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [&](const Candidate& each) { return !seen.insert(each.word).second; }),
                     candidates.end());
  }

  void add_commands(Completion& completion) const {
    for (const CLI::App* each :
         app_.get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); }))
      completion.candidates.push_back({each->get_name(), one_line(each->get_description())});
  }

  const CLI::App& app_;
  const CLI::App* command_;
  const CLI::Option* awaiting_ = nullptr;  // the value of this one comes next
  std::set<const CLI::Option*> given_;
  std::size_t positionals_ = 0;
  bool positional_only_ = false;
};

const char* directive_of(Files files) {
  switch (files) {
    case Files::Any:
      return ":files";
    case Files::Folders:
      return ":folders";
    case Files::Yaml:
      return ":files yaml";
    case Files::Works:
      return ":files yaml onnx";
    case Files::Results:
      return ":files yaml onnx json";
    case Files::None:
      break;
  }
  return ":none";
}

}  // namespace

Completion complete(const CLI::App& app, const std::vector<std::string>& words) {
  const std::string last = words.empty() ? "" : words.back();
  Completion completion = Line(app, words).last(last);
  auto& candidates = completion.candidates;
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                  [&](const Candidate& each) { return each.word.rfind(last, 0) != 0; }),
                   candidates.end());
  return completion;
}

std::string to_lines(const Completion& completion) {
  std::string lines;
  for (const Candidate& candidate : completion.candidates)
    lines += candidate.word + (candidate.description.empty() ? "" : "\t" + candidate.description) + "\n";
  return lines + directive_of(completion.files) + "\n";
}

void add_complete_command(CLI::App& app, Action& action) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      app.add_subcommand("complete", "Print what could stand where a line ends, for shells")->group("");
  command->add_option("words", *words, "The line behind the program's name, up to the cursor");
  command->callback([words, &app, &action] {
    action = [words, &app] {
      std::cout << to_lines(complete(app, *words));
      return kFine;
    };
  });
}

}  // namespace bpusim
