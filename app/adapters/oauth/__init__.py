"""The port `Provider` by Authlib: Google and Kakao by OpenID Connect, Naver by OAuth 2."""
