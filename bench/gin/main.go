// The Gin peer of bench/all: the same route and the same middleware as bench-server, no log.
//
//	gin-peer ADDRESS
package main

import (
	"log"
	"os"

	"github.com/gin-gonic/gin"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("gin-peer: name the address to listen on: gin-peer 127.0.0.1:8080")
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery(), func(c *gin.Context) {
		c.Header("X-Frame-Options", "DENY")
		c.Next()
	})
	router.GET("/user/:id", func(c *gin.Context) { c.String(200, c.Param("id")) })
	log.Fatal(router.Run(os.Args[1]))
}
