"""The parts of the System page: station and connections, users, audit."""
