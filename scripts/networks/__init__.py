"""What the scripts around whole networks share: trained models, inputs for them, bpusim and onnxruntime as children."""
