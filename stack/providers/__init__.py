"""A process that plays Google, Kakao and Naver, so that their log-ins work on a local stack.

It speaks their dialects over HTTP as each documents its own: addresses, fields, errors. It knows no
password: whoever looks at its consent page chooses who to be. So it is for loopback alone; it does
not start where PROFILE is production, and there the application takes the real providers alone.
"""
