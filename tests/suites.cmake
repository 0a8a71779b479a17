# The suites that are not one C program a test: scripts, pytest, other languages, the browser.
# Labels choose among them (ctest -L abi); a suite that measures or that needs the machine for itself is RUN_SERIAL.

set(ROOT ${PROJECT_SOURCE_DIR})
set(SUITE_ENVIRONMENT
    WM_BUILD=${PROJECT_BINARY_DIR}
    WM_SERVE=${PROJECT_BINARY_DIR}/bin/wm-serve
    WM_PUSH=${PROJECT_BINARY_DIR}/bin/wm-push
    WM_WEB_SERVER=${PROJECT_BINARY_DIR}/bin/web_server
    PYTHONPATH=${ROOT}/script
    PYTHONDONTWRITEBYTECODE=1)

# wm_suite(NAME LABEL TIMEOUT COMMAND...)
function(wm_suite name label timeout)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${ROOT})
    set_tests_properties(${name} PROPERTIES LABELS "${label}" TIMEOUT ${timeout} ENVIRONMENT "${SUITE_ENVIRONMENT}")
endfunction()

# The programs of unit/ and api/: a skipped case is a failure, and those about threads are what the thread sanitizer runs.
get_property(programs DIRECTORY PROPERTY TESTS)
if(NOT programs)
    message(FATAL_ERROR "tests/unit and tests/api have no programs")
endif()
add_custom_target(threaders) # the programs that the thread sanitizer runs
foreach(test ${programs})
    string(REGEX REPLACE "/.*" "" labels ${test})
    if(test MATCHES "thread|mailbox")
        list(APPEND labels thread)
        string(REPLACE / _ target ${test})
        add_dependencies(threaders ${target})
    endif()
    set_tests_properties(${test} PROPERTIES LABELS "${labels}" FAIL_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endforeach()

# The suites in Python, a test for each file, so that they run beside each other. A case that hangs is ended before the file is, which
# says nothing: it fails with where it stood, and if it does not even end by that, the stacks of all threads are shown.
set(PYTEST /usr/bin/python3 -m pytest -q -p no:cacheprovider -p pytest_no_skip --timeout=300 -o faulthandler_timeout=400)
foreach(suite tools conformance process scale engine)
    file(GLOB files CONFIGURE_DEPENDS ${suite}/test_*.py)
    if(NOT files)
        message(FATAL_ERROR "tests/${suite} has no test_*.py")
    endif()
    if(WM_SANITIZE)
        list(FILTER files EXCLUDE REGEX "/test_php_") # loads the library into another program
    endif()
    foreach(file ${files})
        get_filename_component(name ${file} NAME_WE)
        string(REPLACE test_ "" name ${name})
        wm_suite(${suite}/${name} ${suite} 600 ${PYTEST} ${file})
    endforeach()
endforeach()

# Those that take minutes in a full run begin first.
set_tests_properties(process/kills process/reloads fault/alloc_sweep PROPERTIES COST 100)
set_tests_properties(process/kills PROPERTIES TIMEOUT 3000)

if(WM_EXAMPLES)
    wm_suite(examples/c examples 300 ${ROOT}/tests/examples/run ${PROJECT_BINARY_DIR})
endif()

# Fuzz targets, for a bounded number of inputs from a fixed seed; by hand they run as long as one likes.
if(WM_FUZZ)
    file(GLOB files CONFIGURE_DEPENDS fuzz/*.cpp)
    add_custom_target(fuzzers)
    foreach(file ${files})
        get_filename_component(target ${file} NAME_WE)
        string(REPLACE fuzz_ "" name ${target})
        add_executable(${target} ${file})
        target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
        target_link_libraries(${target} PRIVATE wm_internal wm_warnings wm_sanitize)
        if(TARGET wm_cli_shared)
            target_link_libraries(${target} PRIVATE wm_serve_parts wm_cli_shared)
        endif()
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzzers ${target})
        # The whole stack is a server a run: fewer of them. A program of calls needs its length from the start.
        set(runs 200000)
        set(lengths -max_len=4096)
        if(name MATCHES "^(connection|frame_custom)$")
            set(runs 20000)
        elseif(name STREQUAL datagrams)
            set(runs 5000)
            set(lengths -max_len=1024)
        elseif(name STREQUAL api)
            set(runs 8000)
            set(lengths -max_len=512 -len_control=0)
        endif()
        set(seeds)
        if(name MATCHES "^(api|deflate|multipart|part_reader)$")
            set(seeds -seed_inputs=@${PROJECT_BINARY_DIR}/seeds/${name}/list)
            add_custom_command(TARGET ${target} POST_BUILD
                COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/make-seeds ${name} ${PROJECT_BINARY_DIR}/seeds/${name})
        endif()
        wm_suite(fuzz/${name} fuzz 600 ${target} -seed=1 -runs=${runs} ${lengths} ${seeds} -timeout=10 -print_final_stats=1)
    endforeach()
endif()

if(WM_SANITIZE)
    message(STATUS "Sanitizers: without the suites abi, docs, binding, install, e2e and bench, "
        "which load the library into other programs, need its exact symbols, or measure")
    return()
endif()

# What is exported and declared, and what is generated from it.
wm_suite(abi/headers abi 120 ${ROOT}/tests/abi/headertest)
wm_suite(abi/symbols abi 60 ${ROOT}/tests/abi/check-symbols $<TARGET_FILE:wm>)
wm_suite(abi/cdef abi 60 ${ROOT}/script/gen-cdef --check)
wm_suite(abi/includes abi 60 ${ROOT}/script/check-includes)
wm_suite(abi/check_includes abi 120 ${PYTEST} ${ROOT}/tests/abi/test_check_includes.py)
wm_suite(abi/check_words abi 120 ${PYTEST} ${ROOT}/tests/abi/test_check_words.py)
wm_suite(abi/stays_loaded abi 60 ${PYTEST} ${ROOT}/tests/abi/test_stays_loaded.py)
wm_suite(docs/php_api docs 60 ${ROOT}/script/gen-php-api --check)
wm_suite(docs/reference docs 60 ${ROOT}/script/gen-reference --check $<TARGET_FILE:wm>)

# Hosts in other languages, over the generated cdef. They print what a message costs, so they run alone.
set(BINDING ${ROOT}/tests/bindings/driver)
set(BINDING_ARGUMENTS $<TARGET_FILE:wm> ${ROOT}/bindings/cdef)
wm_suite(binding/php_pull binding 150 ${BINDING} php ${ROOT}/tests/bindings/echo.php ${BINDING_ARGUMENTS} pull)
wm_suite(binding/php_callback binding 150 ${BINDING} php ${ROOT}/tests/bindings/echo.php ${BINDING_ARGUMENTS} callback)
wm_suite(binding/ctypes_pull binding 150 ${BINDING} /usr/bin/python3 ${ROOT}/tests/bindings/echo.py ${BINDING_ARGUMENTS})
wm_suite(binding/luajit_pull binding 150 ${BINDING} luajit ${ROOT}/tests/bindings/echo.lua ${BINDING_ARGUMENTS})
set_tests_properties(binding/php_pull binding/php_callback binding/ctypes_pull binding/luajit_pull PROPERTIES RUN_SERIAL ON)

# The contract that every binding keeps, by its program for it (tests/bindings/README.md); and the runner, by programs that break it.
set(CONTRACT /usr/bin/python3 ${ROOT}/tests/bindings/contract.py)
wm_suite(binding/php_contract binding 600 ${CONTRACT} php ${ROOT}/bindings/php/tests/programs/contract.php start)
set_property(TEST binding/php_contract APPEND PROPERTY ENVIRONMENT WM_LIBRARY=$<TARGET_FILE:wm>)
wm_suite(binding/contract_runner binding 600 ${PYTEST} ${ROOT}/tests/bindings/test_contract.py)

# The programs of the page that the PHP binding is for, in namespaces of their own: their ports are fixed.
wm_suite(binding/php_page binding 600 ${PYTEST} ${ROOT}/bindings/php/tests/page/test_page.py)
wm_suite(binding/php_hub_page binding 600 ${PYTEST} ${ROOT}/bindings/php/tests/page/test_hub_page.py)

# The PHP binding, by programs as its users write them; a test for each file, as above.
file(GLOB files CONFIGURE_DEPENDS ${ROOT}/bindings/php/tests/test_*.py)
foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(REPLACE test_ "" name ${name})
    wm_suite(binding/php_${name} binding 600 ${PYTEST} ${file})
endforeach()

wm_suite(install/consumers install 300 ${ROOT}/tests/install/run ${PROJECT_BINARY_DIR} ${PROJECT_VERSION})

if(WM_TOOLS)
    wm_suite(e2e/browser e2e 600 ${ROOT}/tests/e2e/run)
    set_tests_properties(e2e/browser PROPERTIES RUN_SERIAL ON)
endif()
if(WM_TOOLS)
    wm_suite(docs/help docs 60 ${ROOT}/script/gen-help --check ${PROJECT_BINARY_DIR}/bin)
endif()
if(WM_TOOLS AND WM_EXAMPLES)
    # It listens at the standard ports where it cannot have a network of its own.
    wm_suite(docs/readme docs 300 ${ROOT}/tests/readme/run ${PROJECT_BINARY_DIR})
    set_tests_properties(docs/readme PROPERTIES RUN_SERIAL ON)
endif()
if(WM_BENCH)
    wm_suite(bench/smoke bench 300 ${ROOT}/bench/smoke ${PROJECT_BINARY_DIR})
    wm_suite(bench/selftest bench 120 ${ROOT}/bench/selftest ${PROJECT_BINARY_DIR})
    wm_suite(bench/php bench 120 ${ROOT}/bench/php/run ${PROJECT_BINARY_DIR} --runs 1 --seconds 0.1)
    set_tests_properties(bench/selftest PROPERTIES RUN_SERIAL ON) # a message counts as lost after a second
    wm_suite(bench/multipart bench 120 ${PYTEST} ${ROOT}/tests/bench/test_multipart_cost.py)
    wm_suite(bench/verdicts bench 60 ${PYTEST} ${ROOT}/tests/bench/test_verdicts.py)
    # Instructions do not depend on what else runs.
    wm_suite(bench/instructions bench 300 ${ROOT}/bench/instructions ${PROJECT_BINARY_DIR}
        --against ${ROOT}/bench/instructions.json --limit 3)
endif()
