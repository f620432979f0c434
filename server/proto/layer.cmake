tp_layer(proto SEES core)
