"""Companies to try Kith with, made by the simulator and brought in the way a real company would be."""
