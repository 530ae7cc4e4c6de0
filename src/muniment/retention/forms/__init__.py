"""Forms of reviews, holds, disposals and the schedule; each error says what to do."""
