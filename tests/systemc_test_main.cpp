#include <gtest/gtest.h>

// Wanted by libsystemc, called by nobody.
extern "C" int sc_main(int, char**) {
  return 1;
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
