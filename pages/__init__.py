"""One module per page; each exports `PAGE` and is found by that. Pages never import pages or callbacks."""
