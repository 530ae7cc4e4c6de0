"""What a reviewer works with: the queue, the evidence, what has changed, who else has to agree or stands in."""
