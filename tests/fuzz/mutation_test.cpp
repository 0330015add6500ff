// Damaged files either load or are refused with InputError: no crash, no endless work, no gigabytes. Cases
// run in child processes under limits; a child that dies names its case, which
// `BPUSIM_FUZZ_CASE=target:number` runs alone.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>

#include "sim/input_error.h"
#include "tests/fuzz/mutations.h"
#include "tests/fuzz/targets.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BPUSIM_SANITIZED 1
#else
#define BPUSIM_SANITIZED 0
#endif

namespace bpusim::fuzz {
namespace {

constexpr bool kSanitized = BPUSIM_SANITIZED;  // slower, and its shadow memory knows no limits
constexpr rlim_t kMemory = rlim_t{1} << 30;    // beyond what the process has at its start
constexpr unsigned kLoadSeconds =
    kSanitized ? 60 : 10;            // milliseconds as a rule; a busy machine is no failure
constexpr unsigned kUseSeconds = 2;  // evaluation of what loaded, then it is left

// What a child tells its parent, also when it dies.
struct Progress {
  int next;  ///< case at hand
  bool loading;
  int loaded, refused, stopped;
  double slowest;  ///< seconds of one case's loading
  int slowest_case;
  char problem[512];
};

// Another round has other cases: BPUSIM_FUZZ_ROUND=2 and so on, for a longer search.
std::uint64_t round() {
  const char* given = std::getenv("BPUSIM_FUZZ_ROUND");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

struct Plan {
  const Target& target;
  std::vector<std::string> seeds;
  int cases;
  bool as_it_is = false;  ///< each seed once, without damage

  std::string file(int number) const {
    if (as_it_is) return seeds[static_cast<std::size_t>(number)];
    Mutator mutator(static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15u + round());
    const std::string& seed = seeds[static_cast<std::size_t>(number) % seeds.size()];
    const std::string name = target.name;
    onnx::ModelProto model;
    onnx::TensorProto tensor;
    const bool fields = number / 2 % 3 != 0;  // well-formed files reach deeper
    if (fields && name == "onnx") return mutator.message(seed, model);
    if (fields && name == "pb") return mutator.message(seed, tensor);
    return mutator.bytes(seed, seeds[mutator.below(seeds.size())]);
  }
};

void limit_memory() {
  if (kSanitized) return;
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  const rlim_t limit = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + kMemory;
  const rlimit both = {limit, limit};
  ::setrlimit(RLIMIT_AS, &both);
  const rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

void run_case(const Plan& plan, Progress& progress) {
  const std::string bytes = plan.file(progress.next);
  const auto start = std::chrono::steady_clock::now();
  bool loaded = false;
  progress.loading = true;
  const auto note_loaded = [&] {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.loading = false;
    loaded = true;
    if (seconds > progress.slowest) {
      progress.slowest = seconds;
      progress.slowest_case = progress.next;
    }
    ::alarm(kUseSeconds);
  };
  ::alarm(kLoadSeconds);
  try {
    plan.target.run(bytes, note_loaded);
    ++progress.loaded;
  } catch (const ErrorLines&) {  // InputError, or PlacementError for what is right and not run
    if (!loaded) note_loaded();
    ++progress.refused;
  } catch (const std::bad_alloc&) {
    if (!loaded) throw;
    ++progress.stopped;
  }
  ::alarm(0);
}

[[noreturn]] void run_child(const Plan& plan, int end, Progress& progress) {
  limit_memory();
  ::signal(SIGALRM, SIG_DFL);
  for (; progress.next < end; ++progress.next) {
    try {
      run_case(plan, progress);
    } catch (const std::exception& error) {
      std::snprintf(progress.problem, sizeof progress.problem, "%s", error.what());
      ::_exit(1);
    }
  }
  ::_exit(0);
}

std::string case_of(const Plan& plan, const Progress& progress) {
  return std::string("BPUSIM_FUZZ_CASE=") + plan.target.name + ":" + std::to_string(progress.next);
}

// Goes on with a new child after each that died.
void run_plan(const Plan& plan, int first) {
  auto* progress = static_cast<Progress*>(
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(progress, MAP_FAILED);
  *progress = {};
  progress->next = first;
  int failures = 0;
  while (progress->next < plan.cases && failures < 20) {
    const ::pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) run_child(plan, plan.cases, *progress);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    const bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (late && !progress->loading) {
      ++progress->stopped;
    } else {
      ++failures;
      ADD_FAILURE() << case_of(plan, *progress) << ": "
                    << (late                  ? "still loading after " + std::to_string(kLoadSeconds) + " s"
                        : WIFSIGNALED(status) ? std::string(::strsignal(WTERMSIG(status)))
                                              : "throws no InputError: " + std::string(progress->problem));
    }
    ++progress->next;
  }
  std::printf("%s: %d seeds, %d loaded, %d refused, %d stopped in use; slowest to load %.3f s (case %d)\n",
              plan.target.name, static_cast<int>(plan.seeds.size()), progress->loaded, progress->refused,
              progress->stopped, progress->slowest, progress->slowest_case);
  // Mutations that never load, or never break anything, would test nothing.
  if (first == 0 && !plan.as_it_is) {
    EXPECT_GE(progress->loaded, plan.cases / 400);  // run files are strict: of 4000, 29 load
    EXPECT_GT(progress->refused, plan.cases / 200);
  }
  ::munmap(progress, sizeof(Progress));
}

// Files that once broke something, and small seeds, as they are.
std::vector<std::string> corpus_of(const std::string& target) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(BPUSIM_FUZZ_CORPUS "/" + target))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return files;
}

class Mutations : public ::testing::TestWithParam<const char*> {};

TEST_P(Mutations, LoadOrAreRefused) {
  const auto& all = targets();
  const auto target =
      std::find_if(all.begin(), all.end(), [](const Target& t) { return std::string(t.name) == GetParam(); });
  ASSERT_NE(target, all.end());
  const bool large = std::string(GetParam()) == "onnx";
  Plan plan{*target, target->seeds(), (large ? 40000 : 4000) / (kSanitized ? 10 : 1)};
  ASSERT_FALSE(plan.seeds.empty());
  int first = 0;
  if (const char* alone = std::getenv("BPUSIM_FUZZ_CASE")) {
    const std::string text = alone, name = text.substr(0, text.find(':'));
    if (name != GetParam()) GTEST_SKIP();
    first = std::stoi(text.substr(name.size() + 1));
    plan.cases = first + 1;
    const std::string file = ::testing::TempDir() + "fuzz_case." + name;
    std::ofstream(file, std::ios::binary) << plan.file(first);
    std::cout << "the case is in " << file << "\n";
  }
  run_plan(plan, first);
}

TEST_P(Mutations, TheCorpusLoadsOrIsRefused) {
  for (const Target& target : targets()) {
    if (std::string(target.name) != GetParam()) continue;
    Plan plan{target, corpus_of(target.name), 0, true};
    ASSERT_FALSE(plan.seeds.empty());
    plan.cases = static_cast<int>(plan.seeds.size());
    run_plan(plan, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Mutations,
                         ::testing::Values("onnx", "pb", "npy", "npz", "run", "machine", "policy", "result"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace bpusim::fuzz
