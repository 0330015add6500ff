# Debian packages: `bpusim`, which runs, and `libbpusim-dev`, which other programs link. The target `deb` builds what they hold and
# makes them.
set(BPUSIM_MAINTAINER "bpusim developers <developers@bpusim.invalid>" CACHE STRING "Name and address in packages, of who builds them")

# Both have their copyright and changelog where Debian looks for them.
set(debian ${CMAKE_CURRENT_BINARY_DIR}/debian)
foreach(package bpusim libbpusim-dev)
  set(component program)
  if(package STREQUAL libbpusim-dev)
    set(component development)
  endif()
  configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in ${debian}/${package}/changelog @ONLY)
  execute_process(COMMAND gzip -9nc ${debian}/${package}/changelog OUTPUT_FILE ${debian}/${package}/changelog.Debian.gz)
  install(FILES ${debian}/${package}/changelog.Debian.gz ${CMAKE_CURRENT_LIST_DIR}/debian/copyright
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/debian/${package}.lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
          RENAME ${package} COMPONENT ${component})
endforeach()
execute_process(COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md OUTPUT_FILE ${debian}/changelog.gz)
install(FILES ${debian}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/bpusim COMPONENT program)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "the bpusim developers")
set(CPACK_PACKAGE_CONTACT "${BPUSIM_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE bpusim)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME bpusim)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
# For share/bpusim/scripts/zoo, and ONNX's own operator tests.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "python3-onnx, python3-numpy, libonnx-testdata")
# Behind the line that CPACK_PACKAGE_DESCRIPTION_SUMMARY gives.
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "bpusim runs neural networks (ONNX, or the YAML of hb_mapper and hb_compile)
on a simulated NPU of the kind in RDK X3, RDK X5, Journey 5 and RDK S100. It
tells which operators run on the BPU and which on the CPU, what each costs,
what int8 does to accuracy, and what to change.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libbpusim-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "bpusim (= ${PROJECT_VERSION}-1), libsystemc-dev, libhwy-dev, libyaml-cpp-dev, libonnx-dev, \
libprotobuf-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "The static library of bpusim, its headers, a CMake package and a file for
pkg-config. Other programs run the simulator with it, and add norms, operators
and observers.")
include(CPack)

add_custom_target(deb COMMAND ${CMAKE_CPACK_COMMAND} --config ${CMAKE_BINARY_DIR}/CPackConfig.cmake VERBATIM USES_TERMINAL
                  WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
add_dependencies(deb bpusim bpusim_library)
if(TARGET man)
  add_dependencies(deb man)
else()
  add_custom_command(TARGET deb PRE_BUILD COMMAND ${CMAKE_COMMAND} -E echo "without a manual: help2man is not there")
endif()
