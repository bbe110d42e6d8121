# What an installed Segue is: the static library, the public headers, the `segue` command, and how
# CMake (find_package) and pkg-config find them. Nothing is installed from a subdirectory build.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(segue_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/segue)

install(TARGETS segue EXPORT segueTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/segue DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT segueTargets NAMESPACE segue:: DESTINATION ${segue_package_folder})
if(TARGET segue-command)
  install(TARGETS segue-command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Before 1.0 a new minor version may change the API: 0.2 does not satisfy find_package(segue 0.1).
configure_package_config_file(cmake/segueConfig.cmake.in ${PROJECT_BINARY_DIR}/segueConfig.cmake
  INSTALL_DESTINATION ${segue_package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/segueConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/segueConfig.cmake ${PROJECT_BINARY_DIR}/segueConfigVersion.cmake
  DESTINATION ${segue_package_folder})

# The prefix is found from where segue.pc lies, so that an installed tree can be moved.
file(RELATIVE_PATH segue_prefix_from_pc
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/segue.pc.in ${PROJECT_BINARY_DIR}/segue.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/segue.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
