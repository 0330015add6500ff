// What a program that uses bpusim as a library includes.
//
// A question becomes a Scenario (resolve), simulate() answers it with a RunResult, and reports put that into
// text and JSON. Errors are exceptions: InputError for what is wrong with the input, PlacementError for
// operators that nobody can run.
#pragma once

#include "sim/input_error.h"        // IWYU pragma: export
#include "sim/report/compare.h"     // IWYU pragma: export
#include "sim/report/report.h"      // IWYU pragma: export
#include "sim/result/result.h"      // IWYU pragma: export
#include "sim/result/summary.h"     // IWYU pragma: export
#include "sim/run/simulate.h"       // IWYU pragma: export
#include "sim/scenario/scenario.h"  // IWYU pragma: export
