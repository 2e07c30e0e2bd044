"""What every request passes through, from the outside in: seen, headers, cors, gate, body."""
