# Writes OUT, a source that says which bpusim this is, where it says something else by now.
# In: SOURCE (the project's folder), RELEASE, COMPILER, BUILD, OUT.
set(version ${RELEASE})
find_program(git git)
if(git AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${git} -C ${SOURCE} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed EQUAL 0)
    # Without its lock, which other commands of git may want meanwhile.
    execute_process(COMMAND ${git} --no-optional-locks -C ${SOURCE} status --porcelain --untracked-files=no
                    OUTPUT_VARIABLE changes ERROR_QUIET)
    string(APPEND version "+g${commit}")
    if(changes)
      string(APPEND version ".modified")
    endif()
  endif()
endif()
set(text "#include \"sim/result/version.h\"

namespace bpusim {

const char* version() {
  return \"${version}\";
}

const char* build() {
  return \"${COMPILER}, ${BUILD}\";
}

}  // namespace bpusim
")
set(old "")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
