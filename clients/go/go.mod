module github.com/entitled-dev/entitled/clients/go

go 1.24.0
