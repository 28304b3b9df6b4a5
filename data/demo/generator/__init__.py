"""Generator: a made-up coastal city, drawn from one seed."""
