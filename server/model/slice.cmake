# The slices of a configuration, without libyang: what network processes link. Others
# name it as the layer `slice` and then see the slice headers of server/model alone;
# who sees `ipc` sees it too.
add_library(tp_slice STATIC model/slice.c model/slice_write.c model/slice_seal.c)
# The form of the slices: what their layout is made of, so that kept ones of another
# version are known for what they are.
set(form "")
foreach(part model/slice.def core/codec/declare.h core/codec/define.h core/codec/wire.h
	core/codec/wire.c)
	file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/${part} sum)
	string(APPEND form "${part} ${sum}\n")
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
		${CMAKE_CURRENT_SOURCE_DIR}/${part})
endforeach()
string(SHA256 form "${form}")
string(SUBSTRING ${form} 0 16 form)
set_source_files_properties(model/slice.c PROPERTIES COMPILE_DEFINITIONS
	TP_SLICE_FORM=UINT64_C\(0x${form}\))
set(view ${CMAKE_BINARY_DIR}/include/slice)
file(MAKE_DIRECTORY ${view})
foreach(seen core os)
	file(CREATE_LINK ${CMAKE_SOURCE_DIR}/server/${seen} ${view}/${seen} SYMBOLIC)
endforeach()
tp_see_slice(${view})
target_include_directories(tp_slice PRIVATE ${view})
target_link_libraries(tp_slice PRIVATE tp_flags PUBLIC tp_os tp_core)
