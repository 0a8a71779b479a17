# Install rules: headers, libraries, the pkg-config file, the CMake package, what bindings read, the units for systemd. The tools install
# themselves (cli/); this file is included after them.
include(CMakePackageConfigHelpers)

set(WM_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/wm)

install(TARGETS wm wm_static EXPORT wmTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/wm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES bindings/cdef/wm.cdef.h bindings/cdef/wm.json DESTINATION ${CMAKE_INSTALL_DATADIR}/wm)
install(DIRECTORY bindings/php DESTINATION ${CMAKE_INSTALL_DATADIR}/wm PATTERN tests EXCLUDE)

install(EXPORT wmTargets NAMESPACE wm:: DESTINATION ${WM_PACKAGE_DIR})
configure_package_config_file(pkgconfig/wmConfig.cmake.in ${PROJECT_BINARY_DIR}/wmConfig.cmake INSTALL_DESTINATION ${WM_PACKAGE_DIR})
# Before 1.0 a minor version may change the ABI.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wmConfig.cmake ${PROJECT_BINARY_DIR}/wmConfigVersion.cmake DESTINATION ${WM_PACKAGE_DIR})

# The file finds its prefix from its own place, so that an installed tree can be moved.
file(RELATIVE_PATH WM_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" WM_PC_TO_PREFIX "${WM_PC_TO_PREFIX}")
set(WM_PC_REQUIRES_PRIVATE "libevent_core >= 2.1, libevent_extra >= 2.1, libssl >= 3.0, libcrypto >= 3.0, zlib >= 1.2.11, libcjson, hiredis >= 0.14.1")
configure_file(pkgconfig/libwm.pc.in ${PROJECT_BINARY_DIR}/libwm.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libwm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The tools find the library beside them, wherever the tree was put.
file(RELATIVE_PATH WM_BIN_TO_LIB /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
foreach(tool wm-serve wm-push)
    if(TARGET ${tool})
        set_target_properties(${tool} PROPERTIES INSTALL_RPATH $ORIGIN/${WM_BIN_TO_LIB})
    endif()
endforeach()

# What --help says, as man pages and for shells: script/gen-help writes them.
foreach(tool wm-serve wm-push)
    if(TARGET ${tool})
        file(GLOB pages ${PROJECT_SOURCE_DIR}/cli/man/${tool}*.1)
        install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
        set(completions ${PROJECT_SOURCE_DIR}/cli/completions)
        install(FILES ${completions}/${tool}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${tool})
        install(FILES ${completions}/_${tool} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
        install(FILES ${completions}/${tool}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
    endif()
endforeach()

# A unit for the push server; where its socket unit is not wanted, the service opens the port itself.
if(TARGET wm-serve)
    # Written at the install, as its prefix may be another than the one at configuration.
    set(unit ${PROJECT_BINARY_DIR}/systemd/installed/wm-serve-push.service)
    configure_file(systemd/wm-serve-push.service.in ${PROJECT_BINARY_DIR}/systemd/wm-serve-push.service @ONLY)
    install(CODE "
        set(CMAKE_INSTALL_FULL_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
        if(NOT IS_ABSOLUTE \"\${CMAKE_INSTALL_FULL_BINDIR}\")
            get_filename_component(prefix \"\${CMAKE_INSTALL_PREFIX}\" ABSOLUTE)
            set(CMAKE_INSTALL_FULL_BINDIR \"\${prefix}/\${CMAKE_INSTALL_FULL_BINDIR}\")
        endif()
        configure_file(\"${PROJECT_SOURCE_DIR}/systemd/wm-serve-push.service.in\" \"${unit}\" @ONLY)")
    install(FILES ${unit} systemd/wm-serve-push.socket DESTINATION lib/systemd/system)
endif()
