"""Private inference on real records: data, model, its training, and the story that `gc2pc demo` tells."""
