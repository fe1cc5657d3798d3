"""The texts that readers are shown, and the circles whose keys visitors' words are sealed to."""
