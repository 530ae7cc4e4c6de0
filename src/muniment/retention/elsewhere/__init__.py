"""What has to be done where a record is held besides here: work, answers, copies, and what comes back."""
