-- What one player said, newest first, however much all others say.
CREATE INDEX chat_messages_by_player ON chat_messages (email, seq) WHERE email IS NOT NULL;
