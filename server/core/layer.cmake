tp_layer(core)
