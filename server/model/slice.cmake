# The slices of a configuration, without libyang: what network processes link. Others
# name it as the layer `slice` and then see the slice headers of server/model alone;
# who sees `ipc` sees it too.
add_library(tp_slice STATIC model/slice.c model/slice_write.c model/slice_seal.c)
set(view ${CMAKE_BINARY_DIR}/include/slice)
file(MAKE_DIRECTORY ${view})
foreach(seen core os)
	file(CREATE_LINK ${CMAKE_SOURCE_DIR}/server/${seen} ${view}/${seen} SYMBOLIC)
endforeach()
tp_see_slice(${view})
target_include_directories(tp_slice PRIVATE ${view})
target_link_libraries(tp_slice PRIVATE tp_flags PUBLIC tp_os tp_core)
