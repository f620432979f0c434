tp_layer(ipc SEES slice os core)
