#include <gtest/gtest.h>

// libsystemc's own main wants one, and some linkers look for it; nobody calls it.
extern "C" int sc_main(int, char**);
extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
