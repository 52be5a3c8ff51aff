-- name: listen
-- Every transaction that writes to the log says so on this channel.
listen trailbook
